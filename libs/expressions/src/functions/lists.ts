import { Fault } from "../problem.ts";
import { listOf, type Type, types } from "../types/type.ts";
import { chargeForComparison, compare } from "../values/equality.ts";
import { isBytes, isList, type Value } from "../values/value.ts";
import { type FunctionDeclaration, overload } from "./declaration.ts";

const { bytes, dyn, int, string } = types;
const anyList = listOf(dyn);
/** Maximum length of a list of numbers. */
const rangeMax = 1_000_000n;

function sameList(args: readonly Type[]): Type | undefined {
  const [list] = args;
  if (list === undefined) return undefined;
  if (list.kind === "dyn") return anyList;
  return list.kind === "list" ? list : undefined;
}

function whole(value: Value | undefined): bigint | undefined {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  return typeof value === "bigint" ? value : undefined;
}

export const lists: readonly FunctionDeclaration[] = [
  {
    name: "lists.range",
    style: "global",
    overloads: [overload([int], listOf(int))],
    apply: ([length], frame, at) => {
      const count = whole(length);
      if (count === undefined) return undefined;
      if (count < 0n || count > rangeMax)
        throw new Fault("out_of_range", at, `expected a length from 0 to ${rangeMax}, got ${count}`);
      frame.charge(Number(count), at);
      return Array.from({ length: Number(count) }, (_, index) => BigInt(index));
    },
  },
  {
    name: "slice",
    style: "method",
    overloads: [overload([anyList, int, int], anyList)],
    typeOf: (args) => (args.length === 3 ? sameList(args) : undefined),
    apply: ([list, from, to], frame, at) => {
      const start = whole(from);
      const end = whole(to);
      if (list === undefined || !isList(list) || start === undefined || end === undefined) return undefined;
      if (start < 0n || end < start || end > BigInt(list.length))
        throw new Fault("out_of_range", at, `expected 0 to ${list.length} in order, got ${start} and ${end}`);
      frame.charge(Number(end - start), at);
      return list.slice(Number(start), Number(end));
    },
  },
  {
    name: "sort",
    style: "method",
    overloads: [overload([anyList], anyList)],
    typeOf: (args) => (args.length === 1 ? sameList(args) : undefined),
    apply: ([list], frame, at) => {
      if (list === undefined || !isList(list)) return undefined;
      frame.charge(list.length * 8, at);
      return [...list].sort((a, b) => {
        chargeForComparison(a, b, frame, at);
        const order = compare(a, b);
        if (order === undefined)
          throw new Fault("no_such_overload", at, "expected values of one type that has an order");
        return order;
      });
    },
  },
  {
    name: "flatten",
    style: "method",
    overloads: [overload([anyList], anyList)],
    apply: ([list], frame, at) => {
      if (list === undefined || !isList(list)) return undefined;
      let length = 0;
      for (const item of list) length += isList(item) ? item.length : 1;
      frame.charge(length + list.length, at);
      return list.flatMap((item) => (isList(item) ? item : [item]));
    },
  },
  {
    name: "base64.encode",
    style: "global",
    overloads: [overload([bytes], string)],
    apply: ([value], frame, at) => {
      if (value === undefined || !isBytes(value)) return undefined;
      frame.charge(value.length >>> 4, at);
      return Buffer.from(value).toString("base64");
    },
  },
  {
    name: "base64.decode",
    style: "global",
    overloads: [overload([string], bytes)],
    apply: ([text], frame, at) => {
      if (typeof text !== "string") return undefined;
      frame.charge(text.length >>> 4, at);
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text))
        throw new Fault("invalid_argument", at, "expected base64, got something else");
      return new Uint8Array(Buffer.from(text, "base64"));
    },
  },
];
