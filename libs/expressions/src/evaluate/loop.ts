import { Fault } from "../problem.ts";
import type { Loop, Node } from "../syntax/tree.ts";
import type { Type } from "../types/type.ts";
import { chargeForEntries, entriesOf } from "../values/equality.ts";
import { isList, isPlainMap, MapValue, type Value } from "../values/value.ts";
import { mapOfEntries, wholeNumber } from "./build.ts";
import type { Evaluate, Frame } from "./frame.ts";
import { noOverload } from "./operators.ts";

/** Compiles a loop over a list or a map. Every iteration is a step, in addition to the cost of its body. */
export function compileLoop(node: Loop, compile: (node: Node) => Evaluate): Evaluate {
  const { at, form } = node;
  const over = compile(node.over);
  const condition = node.condition === undefined ? undefined : compile(node.condition);
  const result = node.result === undefined ? undefined : compile(node.result);
  const rounds = roundsOf(node);
  const loop: CompiledLoop = { at, rounds, condition, result };
  switch (form) {
    case "all":
      return (frame) => decides(loop, over(frame), frame, false);
    case "exists":
      return (frame) => decides(loop, over(frame), frame, true);
    case "existsOne":
      return (frame) => existsOne(loop, over(frame), frame);
    default:
      return (frame) => collected(node, loop, over(frame), frame);
  }
}

interface CompiledLoop {
  readonly at: number;
  /** Sets the variables for each iteration, until a visit returns true. */
  readonly rounds: (over: Value, frame: Frame, visit: Visit) => void;
  readonly condition: Evaluate | undefined;
  readonly result: Evaluate | undefined;
}

/** Returns true to end the loop. */
type Visit = (key: Value, value: Value) => boolean;

function roundsOf({ at, locals, elements, second }: Loop): CompiledLoop["rounds"] {
  const [firstPlace, secondPlace] = locals ?? [0, 1];
  const [firstType, secondType] = elements ?? [undefined, undefined];
  const readFirst = readerOf(firstType, at);
  const readSecond = readerOf(secondType, at);
  return (over, frame, visit) => {
    if (isList(over)) {
      for (let index = 0; index < over.length; index++) {
        frame.charge(1, at);
        const value = over[index] ?? null;
        frame.locals[firstPlace] = second === undefined ? readFirst(value) : BigInt(index);
        if (second !== undefined) frame.locals[secondPlace] = readSecond(value);
        if (visit(second === undefined ? value : BigInt(index), value)) return;
      }
      return;
    }
    if (!(over instanceof MapValue) && !isPlainMap(over)) throw noOverload("macro", [over], at);
    const entries = entriesOf(over);
    // All entries are listed before the first iteration, even if the loop ends early.
    chargeForEntries(entries.length, frame, at);
    for (const [key, value] of entries) {
      frame.charge(1, at);
      frame.locals[firstPlace] = readFirst(key);
      if (second !== undefined) frame.locals[secondPlace] = readSecond(value);
      if (visit(key, second === undefined ? key : value)) return;
    }
  };
}

function readerOf(type: Type | undefined, at: number): (value: Value) => Value {
  if (type?.kind !== "int") return (value) => value;
  return (value) => (typeof value === "number" ? wholeNumber(value, at) : value);
}

/** As with `&&` and `||`, a decisive iteration outweighs errors of others. */
function decides(
  { at, rounds, condition }: CompiledLoop,
  over: Value,
  frame: Frame,
  decisive: boolean,
): boolean {
  let fault: Fault | undefined;
  let decided = false;
  rounds(over, frame, () => {
    try {
      const value = condition?.(frame);
      decided = value === decisive;
      if (typeof value !== "boolean") fault ??= noOverload("macro", [value ?? null], at);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code === "steps_exhausted") throw thrown;
      fault ??= thrown;
    }
    return decided;
  });
  if (decided) return decisive;
  if (fault !== undefined) throw fault;
  return !decisive;
}

function holds({ at, condition }: CompiledLoop, frame: Frame): boolean {
  if (condition === undefined) return true;
  const value = condition(frame);
  if (typeof value !== "boolean") throw noOverload("macro", [value], at);
  return value;
}

function existsOne(loop: CompiledLoop, over: Value, frame: Frame): boolean {
  let found = 0;
  loop.rounds(over, frame, () => {
    if (holds(loop, frame)) found += 1;
    return false;
  });
  return found === 1;
}

function collected(node: Loop, loop: CompiledLoop, over: Value, frame: Frame): Value {
  const list: Value[] = [];
  const entries: (readonly [Value, Value])[] = [];
  const place = node.locals?.[0] ?? 0;
  loop.rounds(over, frame, (key, value) => {
    if (!holds(loop, frame)) return false;
    if (node.form === "filter") {
      list.push(frame.locals[place] ?? value);
      return false;
    }
    const result = loop.result?.(frame) ?? null;
    if (node.form === "transformMap" || node.form === "transformMapEntry") frame.charge(8, node.at);
    if (node.form === "transformMap") entries.push([key, result]);
    else if (node.form === "transformMapEntry") entries.push(onlyEntry(result, node.at));
    else list.push(result);
    return false;
  });
  return node.form === "transformMap" || node.form === "transformMapEntry"
    ? mapOfEntries(entries, node.at)
    : list;
}

function onlyEntry(map: Value, at: number): readonly [Value, Value] {
  const entries = entriesOf(map);
  const [only] = entries;
  if (only === undefined || entries.length > 1)
    throw new Fault("invalid_argument", at, `expected a map with one entry, got ${entries.length}`);
  return only;
}
