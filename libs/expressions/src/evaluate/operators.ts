import { Fault } from "../problem.ts";
import type { BinaryOperator } from "../syntax/tree.ts";
import {
  areEqual,
  chargeForComparison,
  chargeForEntries,
  compare,
  entriesOf,
  entryOf,
} from "../values/equality.ts";
import { Duration, Timestamp } from "../values/time.ts";
import {
  fitsInt,
  fitsUint,
  isBytes,
  isList,
  isPlainMap,
  MapValue,
  typeNameOf,
  Uint,
  type Value,
} from "../values/value.ts";
import type { Frame } from "./frame.ts";

/**
 * Operators. Beyond the overloads of the language, a whole number and a double give a double: a number of JSON is a
 * double, and `input.count + 1` must work without a schema.
 */

export function binary(operator: BinaryOperator, a: Value, b: Value, frame: Frame, at: number): Value {
  switch (operator) {
    case "==":
      return areEqual(a, b, frame, at);
    case "!=":
      return !areEqual(a, b, frame, at);
    case "<":
      return order(operator, [a, b], frame, at) < 0;
    case "<=":
      return order(operator, [a, b], frame, at) <= 0;
    case ">":
      return order(operator, [a, b], frame, at) > 0;
    case ">=":
      return order(operator, [a, b], frame, at) >= 0;
    case "in":
      return isIn(a, b, frame, at);
    case "+":
      return plus(a, b, frame, at);
    default:
      return arithmetic(operator, a, b, at);
  }
}

function order(operator: string, sides: readonly [Value, Value], frame: Frame, at: number): number {
  const [a, b] = sides;
  chargeForComparison(a, b, frame, at);
  const found = compare(a, b);
  if (found === undefined) throw noOverload(operator, sides, at);
  return found;
}

function isIn(item: Value, among: Value, frame: Frame, at: number): boolean {
  if (isList(among)) {
    for (const other of among) {
      frame.charge(1, at);
      if (areEqual(item, other, frame, at)) return true;
    }
    return false;
  }
  if (!(among instanceof MapValue) && !isPlainMap(among)) throw noOverload("in", [item, among], at);
  return entryOf(among, item) !== undefined;
}

function plus(a: Value, b: Value, frame: Frame, at: number): Value {
  if (typeof a === "string" && typeof b === "string") {
    frame.charge((a.length + b.length) >>> 4, at);
    return a + b;
  }
  if (typeof a !== "object" && typeof b !== "object") return arithmetic("+", a, b, at);
  if (a === null || b === null) throw noOverload("+", [a, b], at);
  if (isList(a) && isList(b)) {
    frame.charge((a.length + b.length) >>> 1, at);
    return [...a, ...b];
  }
  if (isBytes(a) && isBytes(b)) {
    frame.charge((a.length + b.length) >>> 4, at);
    const joined = new Uint8Array(a.length + b.length);
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  }
  return arithmetic("+", a, b, at);
}

type Arithmetic = "+" | "-" | "*" | "/" | "%";

function arithmetic(operator: Arithmetic, a: Value, b: Value, at: number): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    const result = whole(operator, a, b, at);
    if (!fitsInt(result)) throw overflow(operator, a, b, at);
    return result;
  }
  if (typeof a === "number" || typeof b === "number") {
    const x = typeof a === "bigint" ? Number(a) : a;
    const y = typeof b === "bigint" ? Number(b) : b;
    if (typeof x === "number" && typeof y === "number" && operator !== "%") return double(operator, x, y);
  }
  if (a instanceof Uint && b instanceof Uint) {
    const result = whole(operator, a.value, b.value, at);
    if (!fitsUint(result)) throw overflow(operator, a.value, b.value, at);
    return new Uint(result);
  }
  const moved = inTime(operator, a, b, at);
  if (moved !== undefined) return moved;
  throw noOverload(operator, [a, b], at);
}

function whole(operator: Arithmetic, a: bigint, b: bigint, at: number): bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    default:
      if (b === 0n) throw new Fault("divided_by_zero", at, `expected to divide by something else than 0`);
      return operator === "/" ? a / b : a % b;
  }
}

function double(operator: Exclude<Arithmetic, "%">, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
  }
}

function inTime(operator: Arithmetic, a: Value, b: Value, at: number): Value | undefined {
  const sign = operator === "+" ? 1n : operator === "-" ? -1n : undefined;
  if (sign === undefined) return undefined;
  let result: Value | undefined;
  if (a instanceof Duration && b instanceof Duration) result = Duration.of(a.nanos + sign * b.nanos);
  else if (a instanceof Timestamp && b instanceof Duration) result = moved(a, sign * b.nanos);
  else if (a instanceof Duration && b instanceof Timestamp && operator === "+") result = moved(b, a.nanos);
  else if (a instanceof Timestamp && b instanceof Timestamp && operator === "-") {
    const nanos = BigInt(a.seconds - b.seconds) * 1_000_000_000n + BigInt(a.nanos - b.nanos);
    result = Duration.of(nanos);
  } else return undefined;
  if (result === undefined) throw new Fault("out_of_range", at, "the time or duration is out of range");
  return result;
}

function moved(from: Timestamp, by: bigint): Timestamp | undefined {
  const seconds = by / 1_000_000_000n;
  return Timestamp.of(from.seconds + Number(seconds), from.nanos + Number(by % 1_000_000_000n));
}

export function negated(value: Value, at: number): Value {
  if (typeof value === "number") return -value;
  if (typeof value === "bigint") {
    if (!fitsInt(-value)) throw overflow("-", 0n, value, at);
    return -value;
  }
  if (value instanceof Duration) {
    const result = Duration.of(-value.nanos);
    if (result !== undefined) return result;
  }
  throw noOverload("-", [value], at);
}

/** Returns an element: `list[1]`, `map["key"]`. */
export function indexed(of: Value, by: Value, frame: Frame, at: number): Value {
  if (isList(of)) {
    const index =
      typeof by === "number" || typeof by === "bigint"
        ? Number(by)
        : by instanceof Uint
          ? Number(by.value)
          : undefined;
    if (index === undefined || !Number.isInteger(index)) throw noOverload("[]", [of, by], at);
    if (index < 0 || index >= of.length)
      throw new Fault("out_of_range", at, `expected an index from 0 to ${of.length - 1}, got ${index}`);
    return of[index] ?? null;
  }
  if (!(of instanceof MapValue) && !isPlainMap(of)) throw noOverload("[]", [of, by], at);
  const found = entryOf(of, by);
  if (found === undefined)
    throw noSuchKey(String(typeof by === "object" ? typeNameOf(by) : by), of, frame, at);
  return found;
}

export function selected(of: Value, field: string, frame: Frame, at: number): Value {
  const found = entryOf(of, field);
  if (found !== undefined) return found;
  if (!(of instanceof MapValue) && !isPlainMap(of)) throw noFields(field, of, at);
  throw noSuchKey(field, of, frame, at);
}

export function isThere(of: Value, field: string, at: number): boolean {
  if (!(of instanceof MapValue) && !isPlainMap(of)) throw noFields(field, of, at);
  return entryOf(of, field) !== undefined;
}

function noFields(field: string, of: Value, at: number): Fault {
  const found = of === null ? "null" : typeNameOf(of);
  return new Fault("no_such_overload", at, `\`.${field}\` needs a map, got ${found}`);
}

function noSuchKey(key: string, of: Value, frame: Frame, at: number): Fault {
  const entries = entriesOf(of);
  // The error lists the keys, which takes time: `||` may hide this error a million times.
  chargeForEntries(entries.length, frame, at);
  const keys = entries.slice(0, 10).map(([known]) => String(known));
  const there =
    keys.length === 0 ? "The map is empty" : `The map has ${keys.map((known) => `\`${known}\``).join(", ")}`;
  return new Fault(
    "no_such_key",
    at,
    `no such key: \`${key}\`. ${there}`,
    `has(….${key}) tests whether it exists`,
  );
}

export function noOverload(operator: string, args: readonly Value[], at: number): Fault {
  const found = args.map(typeNameOf).join(", ");
  return new Fault("no_such_overload", at, `\`${operator}\` does not take (${found})`);
}

function overflow(operator: string, a: bigint, b: bigint, at: number): Fault {
  return new Fault("out_of_range", at, `${a} ${operator} ${b} does not fit 64 bits`);
}
