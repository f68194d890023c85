import type { BinaryOperator } from "../syntax/tree.ts";
import { comparable, isDyn, isNumeric, join, type Type, types } from "./type.ts";

/** Returns the type of an operator's result. Undefined if it has no overload for the types. */
export function typeOfBinary(operator: BinaryOperator, a: Type, b: Type): Type | undefined {
  switch (operator) {
    case "==":
    case "!=":
      return comparable(a, b) ? types.bool : undefined;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return isOrdered(a, b) ? types.bool : undefined;
    case "in":
      return isContained(a, b) ? types.bool : undefined;
    default:
      return typeOfArithmetic(operator, a, b);
  }
}

const ordered: ReadonlySet<string> = new Set(["bool", "string", "bytes", "timestamp", "duration"]);

function isOrdered(a: Type, b: Type): boolean {
  if (isNumeric(a) && isNumeric(b)) return true;
  if (isDyn(a)) return isDyn(b) || isNumeric(b) || ordered.has(b.kind);
  if (isDyn(b)) return isNumeric(a) || ordered.has(a.kind);
  return a.kind === b.kind && ordered.has(a.kind);
}

function isContained(item: Type, among: Type): boolean {
  if (isDyn(among)) return true;
  if (among.kind === "list") return comparable(item, among.of);
  if (among.kind === "map") return comparable(item, among.key);
  return among.kind === "object" && comparable(item, types.string);
}

type Arithmetic = "+" | "-" | "*" | "/" | "%";

function typeOfArithmetic(operator: Arithmetic, a: Type, b: Type): Type | undefined {
  if (isDyn(a) || isDyn(b)) return isDyn(a) && isDyn(b) ? types.dyn : withDyn(operator, isDyn(a) ? b : a);
  if (isNumeric(a) && isNumeric(b)) return typeOfNumbers(operator, a, b);
  if (operator === "+") {
    if (a.kind === "list" && b.kind === "list") return join(a, b);
    if (a.kind === b.kind && (a.kind === "string" || a.kind === "bytes")) return { kind: a.kind };
  }
  return typeInTime(operator, a, b);
}

function typeOfNumbers(operator: Arithmetic, a: Type, b: Type): Type | undefined {
  if (a.kind === b.kind) return a.kind === "double" && operator === "%" ? undefined : a;
  // The only mixed overload.
  const mixed = a.kind !== "uint" && b.kind !== "uint" && operator !== "%";
  return mixed ? types.double : undefined;
}

function typeInTime(operator: Arithmetic, a: Type, b: Type): Type | undefined {
  const { duration, timestamp } = types;
  if (operator !== "+" && operator !== "-") return undefined;
  if (a.kind === "duration" && b.kind === "duration") return duration;
  if (a.kind === "timestamp" && b.kind === "duration") return timestamp;
  if (a.kind === "duration" && b.kind === "timestamp") return operator === "+" ? timestamp : undefined;
  return a.kind === "timestamp" && b.kind === "timestamp" && operator === "-" ? duration : undefined;
}

/** Returns the type if one side is unknown: the common type of all overloads for the other side. */
function withDyn(operator: Arithmetic, known: Type): Type | undefined {
  switch (known.kind) {
    case "string":
    case "bytes":
    case "list":
      return operator === "+" ? (known.kind === "list" ? { kind: "list", of: types.dyn } : known) : undefined;
    case "int":
    case "double":
      return types.dyn;
    case "uint":
      return known;
    case "timestamp":
    case "duration":
      return operator === "+" || operator === "-" ? types.dyn : undefined;
    default:
      return undefined;
  }
}

/** Returns the conversion that makes both sides compatible with an operator. */
export function conversionHint(left: Type, right: Type): string {
  if (left.kind === "string" || right.kind === "string") return "string(…) of the other side";
  if (left.kind === "uint" || right.kind === "uint") return "both sides of one type: int(…) or uint(…)";
  return "two sides whose types go together";
}
