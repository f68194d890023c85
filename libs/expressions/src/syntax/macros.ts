import { Fault } from "../problem.ts";
import type { Bind, Loop, LoopForm, Name, Node, Select } from "./tree.ts";

/**
 * Macros look like calls, but their arguments name variables or are evaluated many times. A call with the name of a
 * macro and another number of arguments stays a call, and the checker reports it.
 */

interface LoopMacro {
  readonly form: LoopForm;
  readonly variables: 1 | 2;
  readonly condition: boolean;
  readonly result: boolean;
}

const condition = { condition: true, result: false };
const result = { condition: false, result: true };
const both = { condition: true, result: true };

/** Macros by name and number of arguments. */
const loopMacros: ReadonlyMap<string, LoopMacro> = new Map<string, LoopMacro>([
  ["all/2", { form: "all", variables: 1, ...condition }],
  ["exists/2", { form: "exists", variables: 1, ...condition }],
  ["exists_one/2", { form: "existsOne", variables: 1, ...condition }],
  ["existsOne/2", { form: "existsOne", variables: 1, ...condition }],
  ["map/2", { form: "map", variables: 1, ...result }],
  ["map/3", { form: "map", variables: 1, ...both }],
  ["filter/2", { form: "filter", variables: 1, ...condition }],
  ["all/3", { form: "all", variables: 2, ...condition }],
  ["exists/3", { form: "exists", variables: 2, ...condition }],
  ["exists_one/3", { form: "existsOne", variables: 2, ...condition }],
  ["existsOne/3", { form: "existsOne", variables: 2, ...condition }],
  ["transformList/3", { form: "transformList", variables: 2, ...result }],
  ["transformList/4", { form: "transformList", variables: 2, ...both }],
  ["transformMap/3", { form: "transformMap", variables: 2, ...result }],
  ["transformMap/4", { form: "transformMap", variables: 2, ...both }],
  ["transformMapEntry/3", { form: "transformMapEntry", variables: 2, ...result }],
  ["transformMapEntry/4", { form: "transformMapEntry", variables: 2, ...both }],
]);

/** Names of macros, for lists of callable functions. */
export const macroNames: ReadonlySet<string> = new Set([
  "has",
  ...[...loopMacros.keys()].map((key) => key.slice(0, key.indexOf("/"))),
]);

export function expandMacro(
  name: string,
  target: Node,
  args: readonly Node[],
  at: number,
): Loop | Bind | undefined {
  if (name === "bind" && target.kind === "name" && target.name === "cel" && args.length === 3)
    return bind(args, at);
  const macro = loopMacros.get(`${name}/${args.length}`);
  return macro === undefined ? undefined : loop(macro, target, args, at);
}

function loop(macro: LoopMacro, over: Node, args: readonly Node[], at: number): Loop {
  const { form, variables } = macro;
  const first = variableName(args[0]);
  const second = variables === 2 ? variableName(args[1]) : undefined;
  if (first === second)
    throw new Fault("syntax", args[1]?.at ?? at, `\`${first}\` is the name of both variables`, "two names");
  const rest = args.slice(variables);
  return {
    kind: "loop",
    at,
    depth: Math.max(over.depth, ...args.map(({ depth }) => depth)) + 1,
    form,
    over,
    first,
    second,
    condition: macro.condition ? rest[0] : undefined,
    result: macro.result ? rest.at(-1) : undefined,
  };
}

function bind(args: readonly Node[], at: number): Bind | undefined {
  const [variable, value, body] = args;
  if (variable === undefined || value === undefined || body === undefined) return undefined;
  const depth = Math.max(value.depth, body.depth) + 1;
  return { kind: "bind", at, depth, variable: variableName(variable), value, body };
}

function variableName(node: Node | undefined): string {
  if (node === undefined || node.kind !== "name" || node.absolute)
    throw new Fault(
      "syntax",
      node?.at ?? 0,
      "expected the name of a variable as the first argument",
      "a plain name",
    );
  return (node satisfies Name).name;
}

export function expandGlobalMacro(name: string, args: readonly Node[], at: number): Select | undefined {
  if (name !== "has" || args.length !== 1) return undefined;
  const [field] = args;
  if (field === undefined || field.kind !== "select" || field.probe)
    throw new Fault("syntax", field?.at ?? at, "expected a field in `has(…)`", "has(input.total)");
  return { ...field, probe: true };
}
