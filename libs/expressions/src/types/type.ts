/**
 * Types of the checker. `dyn` is a type that is unknown before evaluation: everything fits it. `never` is the type of
 * the elements of an empty list: it fits everything.
 */

export type ScalarKind =
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "null"
  | "timestamp"
  | "duration"
  | "type"
  | "dyn"
  | "never";

export interface ScalarType {
  readonly kind: ScalarKind;
  readonly nullable?: boolean;
}

export interface ListType {
  readonly kind: "list";
  readonly of: Type;
  readonly nullable?: boolean;
}

export interface MapType {
  readonly kind: "map";
  readonly key: Type;
  readonly value: Type;
  readonly nullable?: boolean;
}

/** An object with known fields, from a JSON Schema. */
export interface ObjectType {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, Type>;
  /** Type of fields that are not listed. Undefined if there are none. */
  readonly others: Type | undefined;
  readonly nullable?: boolean;
}

export type Type = ScalarType | ListType | MapType | ObjectType;

export const types = {
  bool: { kind: "bool" },
  int: { kind: "int" },
  uint: { kind: "uint" },
  double: { kind: "double" },
  string: { kind: "string" },
  bytes: { kind: "bytes" },
  null: { kind: "null" },
  timestamp: { kind: "timestamp" },
  duration: { kind: "duration" },
  type: { kind: "type" },
  dyn: { kind: "dyn" },
  never: { kind: "never" },
} as const satisfies Record<ScalarKind, ScalarType>;

export function listOf(of: Type): ListType {
  return { kind: "list", of };
}

export function mapOf(key: Type, value: Type): MapType {
  return { kind: "map", key, value };
}

export function objectOf(fields: Readonly<Record<string, Type>>, others?: Type): ObjectType {
  return { kind: "object", fields: new Map(Object.entries(fields)), others };
}

export function nullable(type: Type): Type {
  return { ...type, nullable: true };
}

export function isDyn(type: Type): boolean {
  return type.kind === "dyn" || type.kind === "never";
}

export function isNumeric(type: Type): boolean {
  return type.kind === "int" || type.kind === "uint" || type.kind === "double";
}

/** Returns the name of a type in messages. */
export function printType(type: Type): string {
  switch (type.kind) {
    case "list":
      return `list(${printType(type.of)})`;
    case "map":
      return `map(${printType(type.key)}, ${printType(type.value)})`;
    case "object":
      return "object";
    case "never":
      return "dyn";
    default:
      return type.kind;
  }
}

/** Returns the common type of both: one of them, a common shape, or `dyn`. */
export function join(a: Type, b: Type): Type {
  if (a === b || b.kind === "never") return a;
  if (a.kind === "never") return b;
  if (a.kind === "null" && b.kind !== "dyn") return b.kind === "null" ? b : nullable(b);
  if (b.kind === "null" && a.kind !== "dyn") return nullable(a);
  if (a.kind === "list" && b.kind === "list") return listOf(join(a.of, b.of));
  if (a.kind === "map" && b.kind === "map") return mapOf(join(a.key, b.key), join(a.value, b.value));
  if (isMapLike(a) && isMapLike(b)) return mapOf(types.string, types.dyn);
  return a.kind === b.kind ? (a.nullable ? a : b) : types.dyn;
}

function isMapLike(type: Type): boolean {
  return type.kind === "object" || (type.kind === "map" && type.key.kind === "string");
}

/** Returns whether a value of the type is allowed for the wanted type. */
export function fits(type: Type, expected: Type): boolean {
  if (isDyn(type) || isDyn(expected)) return true;
  switch (expected.kind) {
    case "list":
      return type.kind === "list" && fits(type.of, expected.of);
    case "map":
      if (type.kind === "object") return fits(types.string, expected.key);
      return type.kind === "map" && fits(type.key, expected.key) && fits(type.value, expected.value);
    case "object":
      return type.kind === "object" || (type.kind === "map" && fits(type.key, types.string));
    default:
      return type.kind === expected.kind || (type.kind === "null" && expected.nullable === true);
  }
}

/** Returns whether two values of these types can be equal at all. */
export function comparable(a: Type, b: Type): boolean {
  if (isDyn(a) || isDyn(b)) return true;
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind === "null") return b.kind === "null" || b.nullable === true;
  if (b.kind === "null") return a.nullable === true;
  if (a.kind === "list" && b.kind === "list") return comparable(a.of, b.of);
  if (a.kind === "map" && b.kind === "map") return comparable(a.key, b.key) && comparable(a.value, b.value);
  if (a.kind === "object" || b.kind === "object") return isMapLike(a) && isMapLike(b);
  return a.kind === b.kind;
}
