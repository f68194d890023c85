/**
 * Values of expressions. JSON is represented by itself: texts, booleans, null, lists, objects with text keys, and
 * numbers, which are doubles. Whole numbers of expressions are bigints, because they have 64 bits and overflow is
 * an error.
 */

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Special
  | readonly Value[]
  | PlainMap;

/** An object of JSON, or a map with text keys only. Only its own properties count. */
export interface PlainMap {
  readonly [key: string]: Value;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values that are neither JSON nor built into JavaScript, distinguished from maps by this class. */
export abstract class Special {
  abstract readonly typeName: string;
}

export class Uint extends Special {
  readonly typeName = "uint";
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = value;
  }
}

/** A type as a value: `type(1) == int`. */
export class TypeValue extends Special {
  readonly typeName = "type";
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

export type MapKey = string | bigint | boolean;

/** A map with keys that are not all texts. Keys of equal numbers are the same key, regardless of their types. */
export class MapValue extends Special {
  readonly typeName = "map";
  readonly entries: ReadonlyMap<MapKey, readonly [key: Value, value: Value]>;

  constructor(entries: ReadonlyMap<MapKey, readonly [key: Value, value: Value]>) {
    super();
    this.entries = entries;
  }
}

/** Returns the key of a value in a `MapValue`. Undefined if the value cannot be a key. */
export function mapKeyOf(value: Value): MapKey | undefined {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
  if (value instanceof Uint) return value.value;
  // A double matches the equal whole number.
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  return undefined;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isBytes(value: Value): value is Uint8Array {
  return value instanceof Uint8Array;
}

export function isPlainMap(value: Value): value is PlainMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Special) &&
    !(value instanceof Uint8Array)
  );
}

/** Returns an object without a prototype, so that no key has a special meaning. */
export function emptyMap(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

/** Returns the name of the type of a value, as in `type(value)`. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    default:
      if (value === null) return "null_type";
      if (isList(value)) return "list";
      if (value instanceof Special) return value.typeName;
      return isBytes(value) ? "bytes" : "map";
  }
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;

export function fitsInt(value: bigint): boolean {
  return value >= int64Min && value <= int64Max;
}

export function fitsUint(value: bigint): boolean {
  return value >= 0n && value <= uint64Max;
}
