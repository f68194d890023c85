/** Calls that map a task over a list: `Operator.partial(…).expand(…)` and `task.override(…).partial(…).expand(…)`. */
import type { Json } from "@tutti/expressions";
import { expressionOf, template, UnsupportedConstruct } from "../cel.ts";
import type { Argument, Expression } from "../foreign-python.ts";
import { excerpt, jsonOf, type Names } from "./values.ts";

/** The calls that one task is made with. */
export interface TaskCall {
  /** The operator or the function. */
  readonly called: Expression;
  readonly override?: Expression;
  readonly partial?: Expression;
  readonly expand?: Expression;
}

/** The entry of the list, in the arguments of a mapped operator. */
export const mappedItem: Expression = { kind: "name", line: 0, text: "item", parts: [], args: [] };

export function taskCallOf(call: Expression): TaskCall | undefined {
  const [expand, mapped] = methodOf(call, "expand", "expand_kwargs");
  const [partial, overridden] = expand === undefined ? [] : methodOf(mapped, "partial");
  const [override, called] = methodOf(overridden ?? mapped ?? call.of, "override");
  const own = called ?? overridden ?? mapped ?? call.of;
  return (
    own && {
      called: own,
      ...(override && { override }),
      ...(partial && { partial }),
      ...(expand && { expand }),
    }
  );
}

/** Returns a call of a method, and the owner of the method. */
function methodOf(
  call: Expression | undefined,
  ...names: readonly string[]
): [call?: Expression, owner?: Expression] {
  const of = call?.kind === "call" ? call.of : undefined;
  return call !== undefined && of?.kind === "member" && of.of !== undefined && names.includes(of.text)
    ? [call, of.of]
    : [];
}

/** Returns a mapped operator as one call. The argument that varies has the entry of the list. */
export function operatorCall(call: Expression, { called, partial, expand }: TaskCall): Expression {
  if (expand === undefined) return call;
  const args = expand.args.map((each) => ({ ...each, value: mappedItem }));
  return { ...call, of: called, args: [...(partial?.args ?? []), ...args] };
}

/** Returns the argument that varies, and the list of its values as a template. */
export function mappedOver(
  expand: Expression,
  names: Names,
): { readonly argument: Argument; readonly forEach: string } {
  const [argument, more] = expand.args;
  const isList = expand.of?.text === "expand" && argument !== undefined && more === undefined;
  if (!isList)
    throw new UnsupportedConstruct("a task is mapped over one list, by `expand` with one argument");
  argument.isRead = true;
  const list = jsonOf(argument.value, names);
  if (typeof list === "string") return { argument, forEach: list };
  if (!Array.isArray(list)) throw new UnsupportedConstruct(`\`${excerpt(argument.value)}\` is no list`);
  if (hasMixedText(list)) throw new UnsupportedConstruct("a text of the list has a template");
  return { argument, forEach: template(expressionOf(list)) };
}

/** Returns whether a text has a template and more. */
function hasMixedText(value: Json): boolean {
  if (typeof value === "string")
    return value
      .replaceAll("$${{", "")
      .replace(/^\$\{\{ (?:(?!\$\{\{)[\s\S])* \}\}$/, "")
      .includes("${{");
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).some((each) => hasMixedText(each as Json))
  );
}

/** Returns the task of an expression that selects a part of its output. */
export function taskOf(expression: Expression): Expression {
  const { kind, text, of } = expression;
  const isOutput = kind === "item" || (kind === "member" && text === "output");
  return isOutput && of !== undefined ? taskOf(of) : expression;
}
