import { type ScalarKind, type Type, types } from "./type.ts";

/** Types as JSON, so that what was checked once can be compiled again elsewhere and means the same. */
export type EncodedType =
  | string
  | readonly ["list", EncodedType]
  | readonly ["map", EncodedType, EncodedType]
  | { readonly fields: Readonly<Record<string, EncodedType>>; readonly others?: EncodedType };

const depthMax = 32;

/** What is deeper than anybody reads is `dyn`. */
export function encodeType(type: Type, depth = 0): EncodedType {
  if (depth > depthMax) return "dyn";
  switch (type.kind) {
    case "list":
      return ["list", encodeType(type.of, depth + 1)];
    case "map":
      return ["map", encodeType(type.key, depth + 1), encodeType(type.value, depth + 1)];
    case "object": {
      const fields = Object.create(null) as Record<string, EncodedType>;
      for (const [name, field] of type.fields) fields[name] = encodeType(field, depth + 1);
      return type.others === undefined ? { fields } : { fields, others: encodeType(type.others, depth + 1) };
    }
    default:
      return type.nullable ? `${type.kind}?` : type.kind;
  }
}

export function decodeType(encoded: EncodedType): Type {
  if (typeof encoded === "string") return decodeScalar(encoded);
  if (isFields(encoded)) {
    const fields = new Map(Object.entries(encoded.fields).map(([name, field]) => [name, decodeType(field)]));
    return {
      kind: "object",
      fields,
      others: encoded.others === undefined ? undefined : decodeType(encoded.others),
    };
  }
  if (encoded[0] === "list") return { kind: "list", of: decodeType(encoded[1]) };
  return { kind: "map", key: decodeType(encoded[1]), value: decodeType(encoded[2]) };
}

function isFields(encoded: EncodedType): encoded is Extract<EncodedType, { readonly fields: unknown }> {
  return typeof encoded === "object" && !Array.isArray(encoded);
}

function decodeScalar(encoded: string): Type {
  const nullable = encoded.endsWith("?");
  const kind = nullable ? encoded.slice(0, -1) : encoded;
  const type = Object.hasOwn(types, kind) ? types[kind as ScalarKind] : types.dyn;
  return nullable ? { ...type, nullable } : type;
}
