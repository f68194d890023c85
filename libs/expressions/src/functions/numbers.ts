import { Fault } from "../problem.ts";
import { isDyn, isNumeric, join, type Type, types } from "../types/type.ts";
import { compare } from "../values/equality.ts";
import { fitsInt, isList, Uint, type Value } from "../values/value.ts";
import { type Apply, type FunctionDeclaration, overload } from "./declaration.ts";

const { bool, double, int, uint } = types;

/** Returns the functions of `math`. */

function isNumber(value: Value | undefined): value is number | bigint | Uint {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Uint;
}

function extreme(name: string, better: (order: number) => boolean): FunctionDeclaration {
  return {
    name,
    style: "global",
    overloads: [overload([double], double), overload([int], int), overload([uint], uint)],
    typeOf: (args) => typeOfExtreme(args),
    apply: (args, frame, at) => {
      const [first] = args;
      const values = args.length === 1 && first !== undefined && isList(first) ? first : args;
      frame.charge(values.length, at);
      let best: Value | undefined;
      for (const value of values) {
        if (!isNumber(value)) return undefined;
        if (best === undefined || better(compare(value, best) ?? 0)) best = value;
      }
      if (best === undefined)
        throw new Fault("invalid_argument", at, `expected at least one number for ${name}, got none`);
      return best;
    },
  };
}

function typeOfExtreme(args: readonly Type[]): Type | undefined {
  const [first] = args;
  const among = args.length === 1 && first?.kind === "list" ? [first.of] : args;
  if (among.length === 0 || !among.every((type) => isNumeric(type) || isDyn(type))) return undefined;
  return among.reduce(join);
}

function ofDouble(name: string, compute: (value: number) => number): FunctionDeclaration {
  return {
    name,
    style: "global",
    overloads: [overload([double], double)],
    apply: ([value]) => (typeof value === "number" ? compute(value) : undefined),
  };
}

function testOfDouble(name: string, test: (value: number) => boolean): FunctionDeclaration {
  return {
    name,
    style: "global",
    overloads: [overload([double], bool)],
    apply: ([value]) => (typeof value === "number" ? test(value) : undefined),
  };
}

function ofAny(name: string, apply: Apply): FunctionDeclaration {
  const overloads = [int, uint, double].map((type) => overload([type], type));
  return { name, style: "global", overloads, apply };
}

/** Rounds halves away from zero, unlike `Math.round`. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Math.sign(value) * Math.round(Math.abs(value)) : value;
}

type Bits = (a: bigint, b: bigint) => bigint;

function ofBits(name: string, compute: Bits): FunctionDeclaration {
  return {
    name,
    style: "global",
    overloads: [overload([int, int], int), overload([uint, uint], uint)],
    apply: ([a, b]) => {
      if (typeof a === "bigint" && typeof b === "bigint") return BigInt.asIntN(64, compute(a, b));
      if (a instanceof Uint && b instanceof Uint)
        return new Uint(BigInt.asUintN(64, compute(a.value, b.value)));
      return undefined;
    },
  };
}

function shifted(name: string, compute: Bits): FunctionDeclaration {
  return {
    name,
    style: "global",
    overloads: [overload([int, int], int), overload([uint, int], uint)],
    apply: ([value, by], _frame, at) => {
      if (typeof by !== "bigint") return undefined;
      if (by < 0n) throw new Fault("invalid_argument", at, `expected to shift by 0 or more, got ${by}`);
      if (typeof value === "bigint")
        return by > 63n ? 0n : BigInt.asIntN(64, compute(BigInt.asUintN(64, value), by));
      if (value instanceof Uint)
        return new Uint(by > 63n ? 0n : BigInt.asUintN(64, compute(value.value, by)));
      return undefined;
    },
  };
}

export const numbers: readonly FunctionDeclaration[] = [
  extreme("math.greatest", (order) => order > 0),
  extreme("math.least", (order) => order < 0),
  ofDouble("math.ceil", Math.ceil),
  ofDouble("math.floor", Math.floor),
  ofDouble("math.round", rounded),
  ofDouble("math.trunc", Math.trunc),
  testOfDouble("math.isNaN", Number.isNaN),
  testOfDouble("math.isInf", (value) => Math.abs(value) === Number.POSITIVE_INFINITY),
  testOfDouble("math.isFinite", Number.isFinite),
  ofAny("math.abs", ([value], _frame, at) => {
    if (typeof value === "number") return Math.abs(value);
    if (typeof value !== "bigint") return value instanceof Uint ? value : undefined;
    const positive = value < 0n ? -value : value;
    if (!fitsInt(positive))
      throw new Fault("out_of_range", at, `the absolute value of ${value} does not fit 64 bits`);
    return positive;
  }),
  ofAny("math.sign", ([value]) => {
    if (typeof value === "number") return Number.isNaN(value) ? value : Math.sign(value) + 0;
    if (typeof value === "bigint") return value > 0n ? 1n : value < 0n ? -1n : 0n;
    return value instanceof Uint ? new Uint(value.value > 0n ? 1n : 0n) : undefined;
  }),
  ofBits("math.bitAnd", (a, b) => a & b),
  ofBits("math.bitOr", (a, b) => a | b),
  ofBits("math.bitXor", (a, b) => a ^ b),
  {
    name: "math.bitNot",
    style: "global",
    overloads: [overload([int], int), overload([uint], uint)],
    apply: ([value]) => {
      if (typeof value === "bigint") return ~value;
      return value instanceof Uint ? new Uint(BigInt.asUintN(64, ~value.value)) : undefined;
    },
  },
  shifted("math.bitShiftLeft", (value, by) => value << by),
  shifted("math.bitShiftRight", (value, by) => value >> by),
];
