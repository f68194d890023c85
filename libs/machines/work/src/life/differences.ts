/** Differences between a start and the existing work with the same id. */
import { isDeepStrictEqual } from "node:util";

/** Longer inputs are not compared by their fields. */
const readBytesMax = 65_536;
const namesMax = 5;

/** Returns the words of the fields that differ. Fields without a word are not compared. */
export function differencesIn<T extends object>(
  before: T,
  now: T,
  words: { readonly [K in keyof T]?: string },
): readonly string[] {
  const fields = Object.keys(words) as (keyof T)[];
  return fields.filter((field) => !isEqual(before[field], now[field])).map((field) => words[field] ?? "");
}

/** Returns the names of the fields of a specification that differ. */
export function fieldDifferences<T extends object>(
  before: T | undefined,
  now: T | undefined,
): readonly string[] {
  if (before === undefined || now === undefined) return [];
  const fields = Object.keys(now) as (keyof T & string)[];
  return fields.filter((field) => !isEqual(before[field], now[field])).map((field) => `\`${field}\``);
}

/** Returns the fields of the JSON of a start whose values differ. None if either is not an object. */
export function jsonDifferences(before: Uint8Array, now: Uint8Array): readonly string[] {
  if (Math.max(before.length, now.length) > readBytesMax) return [];
  const [one, other] = [fieldsOf(before), fieldsOf(now)];
  if (one === undefined || other === undefined) return [];
  const names = Object.keys(other).filter((name) => !isDeepStrictEqual(one[name], other[name]));
  return names.slice(0, namesMax).map((name) => `\`${name}\``);
}

/** Joins words: `a`, `b` and `c`. */
export function together(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function isEqual(one: unknown, other: unknown): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return isDeepStrictEqual(one, other);
}

function fieldsOf(json: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (json.length === 0) return {};
  const value = jsonIn(json);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

/**
 * Returns the value. Undefined if it is not JSON: a repeated start was not checked yet, and a decider must
 * not throw.
 */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
