import type { Frame } from "../evaluate/frame.ts";
import { Duration, Timestamp } from "./time.ts";
import {
  isBytes,
  isList,
  isPlainMap,
  type MapKey,
  MapValue,
  mapKeyOf,
  Special,
  TypeValue,
  Uint,
  type Value,
} from "./value.ts";

/** Equality and order. Numbers of all types share one order. Different values of other types are unequal. */

export function areEqual(a: Value, b: Value, frame: Frame, at: number): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    const x = a instanceof Uint ? a.value : a;
    const y = b instanceof Uint ? b.value : b;
    chargeForComparison(x, y, frame, at);
    // A bigint and a double are compared exactly.
    // biome-ignore lint/suspicious/noDoubleEquals: the one comparison that crosses the two kinds of numbers
    return isNumber(x) && isNumber(y) ? x == y : x === y;
  }
  frame.charge(1, at);
  if (isList(a)) return isList(b) && areListsEqual(a, b, frame, at);
  if (isBytes(a)) {
    chargeForComparison(a, b, frame, at);
    return isBytes(b) && compareBytes(a, b) === 0;
  }
  if (a instanceof Special && !(a instanceof MapValue)) return areSpecialsEqual(a, b);
  return isMap(b) && areMapsEqual(a, b, frame, at);
}

/** Long texts and bytes take time to compare, even if they are equal. */
export function chargeForComparison(a: Value, b: Value, frame: Frame, at: number): void {
  if (typeof a === "string" && typeof b === "string")
    chargeSteps(Math.min(a.length, b.length) >>> 8, frame, at);
  else if (isBytes(a) && isBytes(b)) chargeSteps(Math.min(a.length, b.length) >>> 6, frame, at);
}

function chargeSteps(steps: number, frame: Frame, at: number): void {
  if (steps > 0) frame.charge(steps, at);
}

/** Listing the entries of a large map takes half a microsecond for each. */
export function chargeForEntries(count: number, frame: Frame, at: number): void {
  frame.charge(count * 8, at);
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isMap(value: Value): boolean {
  return value instanceof MapValue || isPlainMap(value);
}

function areListsEqual(a: readonly Value[], b: readonly Value[], frame: Frame, at: number): boolean {
  if (a.length !== b.length) return false;
  frame.charge(a.length, at);
  return a.every((item, index) => areEqual(item, b[index] ?? null, frame, at));
}

function areSpecialsEqual(a: Special, b: Value): boolean {
  if (a instanceof Uint) return b instanceof Uint && a.value === b.value;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.seconds === b.seconds && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  return a instanceof TypeValue && b instanceof TypeValue && a.name === b.name;
}

function areMapsEqual(a: Value, b: Value, frame: Frame, at: number): boolean {
  const size = sizeOfMap(a);
  chargeForEntries(size * 2, frame, at);
  if (size !== sizeOfMap(b)) return false;
  for (const [key, value] of entriesOf(a)) {
    const other = entryOf(b, key);
    if (other === undefined || !areEqual(value, other, frame, at)) return false;
  }
  return true;
}

/** Returns the value of a key. Undefined if there is none. */
export function entryOf(map: Value, key: Value): Value | undefined {
  if (map instanceof MapValue) {
    const found: MapKey | undefined = mapKeyOf(key);
    return found === undefined ? undefined : map.entries.get(found)?.[1];
  }
  if (typeof key !== "string" || !isPlainMap(map)) return undefined;
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

export function sizeOfMap(map: Value): number {
  if (map instanceof MapValue) return map.entries.size;
  return isPlainMap(map) ? Object.keys(map).length : 0;
}

export function entriesOf(map: Value): readonly (readonly [key: Value, value: Value])[] {
  if (map instanceof MapValue) return [...map.entries.values()];
  return isPlainMap(map) ? Object.entries(map) : [];
}

/**
 * Returns a negative number, 0 or a positive number. NaN for numbers without an order. Undefined if the types
 * have no order.
 */
export function compare(a: Value, b: Value): number | undefined {
  const x = a instanceof Uint ? a.value : a;
  const y = b instanceof Uint ? b.value : b;
  if (isNumber(x)) return isNumber(y) ? compareNumbers(x, y) : undefined;
  if (typeof x === "string") return typeof y === "string" ? compareTexts(x, y) : undefined;
  if (typeof x === "boolean") return typeof y === "boolean" ? Number(x) - Number(y) : undefined;
  if (x instanceof Timestamp)
    return y instanceof Timestamp ? x.seconds - y.seconds || x.nanos - y.nanos : undefined;
  if (x instanceof Duration) return y instanceof Duration ? compareNumbers(x.nanos, y.nanos) : undefined;
  return isBytes(x) && isBytes(y) ? compareBytes(x, y) : undefined;
}

/**
 * Compares a whole number with a double as a double, as the specification requires, even if that loses its last
 * digits.
 */
function compareNumbers(a: number | bigint, b: number | bigint): number {
  const x = typeof b === "number" ? Number(a) : a;
  const y = typeof a === "number" ? Number(b) : b;
  if (x < y) return -1;
  return x > y ? 1 : x === y ? 0 : Number.NaN;
}

const utf8 = new TextEncoder();
const surrogate = /[\ud800-\udfff]/;

/** Compares by code points, which differs from the order of UTF-16 beyond the first plane. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : 1;
  return compareBytes(utf8.encode(a), utf8.encode(b));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
