import { type ScalarKind, type Type, types } from "./type.ts";

/** Types as JSON, so that a checked program can be compiled again elsewhere with the same meaning. */
export type EncodedType =
  | string
  | readonly ["list", EncodedType]
  | readonly ["map", EncodedType, EncodedType]
  | { readonly fields: Readonly<Record<string, EncodedType>>; readonly others?: EncodedType };

const depthMax = 32;

/** Counts the encoded parts of types: a type may contain the same part many times, and each time counts. */
export class TypeEncoder {
  #remainingParts: number;

  /** @param partsMax maximum for all types together. Parts beyond it, and deeply nested parts, become `dyn` */
  constructor(partsMax: number) {
    this.#remainingParts = partsMax;
  }

  encode(type: Type, partsMax = 2_000): EncodedType {
    const reserved = Math.max(0, this.#remainingParts - partsMax);
    const before = this.#remainingParts - reserved;
    this.#remainingParts = before;
    const encoded = this.#part(type, 0);
    this.#remainingParts += reserved;
    return encoded;
  }

  #part(type: Type, depth: number): EncodedType {
    this.#remainingParts -= 1;
    if (depth > depthMax || this.#remainingParts < 0) return "dyn";
    switch (type.kind) {
      case "list":
        return ["list", this.#part(type.of, depth + 1)];
      case "map":
        return ["map", this.#part(type.key, depth + 1), this.#part(type.value, depth + 1)];
      case "object":
        return this.#object(type, depth);
      default:
        return type.nullable ? `${type.kind}?` : type.kind;
    }
  }

  #object(type: Extract<Type, { kind: "object" }>, depth: number): EncodedType {
    const fields = Object.create(null) as Record<string, EncodedType>;
    for (const [name, field] of type.fields) {
      // Fields that are left out have any type, but are not unknown.
      if (this.#remainingParts <= 0) return { fields, others: "dyn" };
      fields[name] = this.#part(field, depth + 1);
    }
    return type.others === undefined ? { fields } : { fields, others: this.#part(type.others, depth + 1) };
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
