import type { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { types } from "../types/type.ts";
import { Duration, parseDuration, parseTimestamp, Timestamp } from "../values/time.ts";
import { fitsInt, fitsUint, isBytes, TypeValue, typeNameOf, Uint, type Value } from "../values/value.ts";
import { type FunctionDeclaration, overload } from "./declaration.ts";

const { bool, bytes, double, duration, dyn, int, string, timestamp, type, uint } = types;

/** Parsing or writing a time takes about a microsecond. */
const textOfTimeSteps = 20;

export const conversions: readonly FunctionDeclaration[] = [
  {
    name: "int",
    style: "global",
    overloads: [int, uint, double, string, timestamp].map((parameter) => overload([parameter], int)),
    apply: ([value = null], _frame, at) => toInt(value, at),
  },
  {
    name: "uint",
    style: "global",
    overloads: [uint, int, double, string].map((parameter) => overload([parameter], uint)),
    apply: ([value = null], _frame, at) => toUint(value, at),
  },
  {
    name: "double",
    style: "global",
    overloads: [double, int, uint, string].map((parameter) => overload([parameter], double)),
    apply: ([value = null], _frame, at) => toDouble(value, at),
  },
  {
    name: "string",
    style: "global",
    overloads: [string, int, uint, double, bool, bytes, timestamp, duration].map((parameter) =>
      overload([parameter], string),
    ),
    apply: ([value = null], frame, at) => toText(value, frame, at),
  },
  {
    name: "bool",
    style: "global",
    overloads: [overload([bool], bool), overload([string], bool)],
    apply: ([value = null], _frame, at) => toBool(value, at),
  },
  {
    name: "bytes",
    style: "global",
    overloads: [overload([bytes], bytes), overload([string], bytes)],
    apply: ([value = null], frame, at) => {
      if (isBytes(value)) return value;
      if (typeof value !== "string") return undefined;
      frame.charge(value.length >>> 4, at);
      return new TextEncoder().encode(value);
    },
  },
  {
    name: "timestamp",
    style: "global",
    overloads: [timestamp, string, int].map((parameter) => overload([parameter], timestamp)),
    apply: ([value = null], frame, at) => {
      frame.charge(textOfTimeSteps, at);
      return toTimestamp(value, at);
    },
  },
  {
    name: "duration",
    style: "global",
    overloads: [duration, string, int].map((parameter) => overload([parameter], duration)),
    apply: ([value = null], frame, at) => {
      frame.charge(textOfTimeSteps, at);
      return toDuration(value, at);
    },
  },
  { name: "dyn", style: "global", overloads: [overload([dyn], dyn)], apply: ([value = null]) => value },
  {
    name: "type",
    style: "global",
    overloads: [overload([dyn], type)],
    apply: ([value = null]) => new TypeValue(typeNameOf(value)),
  },
];

function toInt(value: Value, at: number): Value | undefined {
  switch (typeof value) {
    case "bigint":
      return value;
    case "number":
      // The bounds themselves are not doubles: the nearest doubles are outside.
      if (!(value > -(2 ** 63) && value < 2 ** 63)) throw range(value, "int", at);
      return BigInt(Math.trunc(value));
    case "string":
      return parseWhole(value, /^[+-]?\d{1,19}$/, fitsInt, "int", at);
    default:
      if (value instanceof Uint) {
        if (!fitsInt(value.value)) throw range(value.value, "int", at);
        return value.value;
      }
      return value instanceof Timestamp ? BigInt(value.seconds) : undefined;
  }
}

function toUint(value: Value, at: number): Value | undefined {
  switch (typeof value) {
    case "bigint":
      if (!fitsUint(value)) throw range(value, "uint", at);
      return new Uint(value);
    case "number":
      if (!(value > -1 && value < 2 ** 64)) throw range(value, "uint", at);
      return new Uint(BigInt(Math.trunc(value)));
    case "string":
      return new Uint(parseWhole(value, /^\d{1,20}$/, fitsUint, "uint", at));
    default:
      return value instanceof Uint ? value : undefined;
  }
}

function parseWhole(
  text: string,
  form: RegExp,
  fits: (value: bigint) => boolean,
  name: string,
  at: number,
): bigint {
  const value = form.test(text) ? BigInt(text.startsWith("+") ? text.slice(1) : text) : undefined;
  if (value === undefined || !fits(value)) throw unreadable(text, name, at);
  return value;
}

const doubleForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function toDouble(value: Value, at: number): Value | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value !== "string") return undefined;
  if (value.length < 400 && doubleForm.test(value)) return Number(value);
  const special: Readonly<Record<string, number>> = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    "-Infinity": Number.NEGATIVE_INFINITY,
  };
  if (Object.hasOwn(special, value)) return special[value];
  throw unreadable(value, "double", at);
}

function toText(value: Value, frame: Frame, at: number): Value | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return doubleText(value);
    default:
      if (value instanceof Uint) return String(value.value);
      if (value instanceof Timestamp || value instanceof Duration) {
        frame.charge(textOfTimeSteps, at);
        return value.toString();
      }
      return isBytes(value) ? decoded(value, frame, at) : undefined;
  }
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  return text.includes("e") ? text.replace(/e([+-])(\d)$/, "e$10$2") : text;
}

function decoded(value: Uint8Array, frame: Frame, at: number): string {
  frame.charge(value.length >>> 4, at);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new Fault("invalid_argument", at, "expected bytes that are valid UTF-8, got others");
  }
}

const trueTexts = new Set(["1", "t", "true", "TRUE", "True"]);
const falseTexts = new Set(["0", "f", "false", "FALSE", "False"]);

function toBool(value: Value, at: number): Value | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  if (trueTexts.has(value)) return true;
  if (falseTexts.has(value)) return false;
  throw unreadable(value, "bool", at);
}

function toTimestamp(value: Value, at: number): Value | undefined {
  if (value instanceof Timestamp) return value;
  const seconds = wholeSeconds(value);
  const parsed = seconds === undefined ? undefined : Timestamp.of(seconds, 0);
  if (seconds !== undefined) return parsed ?? fail(range(seconds, "timestamp", at));
  if (typeof value !== "string") return undefined;
  return parseTimestamp(value) ?? fail(unreadable(value, "timestamp such as 2026-01-31T09:30:00Z", at));
}

function toDuration(value: Value, at: number): Value | undefined {
  if (value instanceof Duration) return value;
  const seconds = wholeSeconds(value);
  if (seconds !== undefined)
    return Duration.of(BigInt(seconds) * 1_000_000_000n) ?? fail(range(seconds, "duration", at));
  if (typeof value !== "string") return undefined;
  return parseDuration(value) ?? fail(unreadable(value, "duration such as 1h30m or 1.5s", at));
}

function wholeSeconds(value: Value): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function fail(fault: Fault): never {
  throw fault;
}

function range(value: number | bigint, name: string, at: number): Fault {
  return new Fault("out_of_range", at, `${value} is outside the range of ${name}`);
}

function unreadable(text: string, name: string, at: number): Fault {
  const shortened = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new Fault("invalid_argument", at, `expected a ${name}, got ${JSON.stringify(shortened)}`);
}
