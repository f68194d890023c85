import type { Json } from "@tutti/expressions";
import type { Capability } from "./capability.ts";

/** Expressions in code: typed references, and texts that contain them. */

const text: unique symbol = Symbol("the text of an expression");

/** An expression of the language. In JSON it becomes `${{ … }}`. */
export interface Expression {
  readonly [text]: string;
}

/** An expression for a value of a type: its fields and elements are references too. */
export type Reference<T> = Expression &
  (T extends readonly (infer E)[]
    ? { readonly [index: number]: Reference<E> }
    : T extends object
      ? { readonly [K in keyof T & string]-?: Reference<NonNullable<T[K]>> }
      : unknown);

/** Values that can be part of an expression or a text. */
export type Part = Expression | Json;

function isExpression(value: unknown): value is Expression {
  return (typeof value === "object" || typeof value === "function") && value !== null && text in value;
}

/** Returns the text of an expression, without `${{ }}`. */
function textOf(expression: Expression): string {
  return expression[text];
}

function expression(source: string): Expression {
  return { [text]: source };
}

const plainName = /^[A-Za-z_]\w*$/;

/** Returns a reference to a name: `reference<Order>("input").items` is `input.items`. */
export function reference<T>(name: string): Reference<T> {
  const target = { [text]: name };
  const proxy = new Proxy(target, {
    get(_, key) {
      if (key === text) return name;
      // Awaiting or printing a reference must not read a field.
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return undefined;
      if (/^\d+$/.test(key)) return reference(`${name}[${key}]`);
      return reference(plainName.test(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`);
    },
    has: (_, key) => key === text,
  });
  return proxy as unknown as Reference<T>;
}

/** Returns the input of a run. */
export function input<T = Json>(): Reference<T> {
  return reference("input");
}

/** Returns the output of a task. `outputOf("greet", greet)` has the type of the capability's output. */
export function outputOf<T = Json>(task: string): Reference<T>;
export function outputOf<Output>(
  task: string,
  capability: Capability<unknown, unknown, unknown, Output>,
): Reference<Output>;
export function outputOf<T>(task: string): Reference<T> {
  return reference(plainName.test(task) ? `tasks.${task}.output` : `tasks[${JSON.stringify(task)}].output`);
}

/** Returns the current entry of a task with `forEach`. */
export function item<T = Json>(): Reference<T> {
  return reference("item");
}

/** Returns the variables of the run. */
export function vars<T = Json>(): Reference<T> {
  return reference("vars");
}

/** Returns the parameters of a template. */
export function parameters<T = Json>(): Reference<T> {
  return reference("parameters");
}

/** Returns an expression: cel`${order.total} > 0`. Other values become literals. */
export function cel(strings: TemplateStringsArray, ...parts: readonly Part[]): Expression {
  return expression(
    strings.map((text, index) => text + (index < parts.length ? literal(parts[index] ?? null) : "")).join(""),
  );
}

/** Returns a text that contains expressions: template`Order ${order.id} is ready`. */
export function template(strings: TemplateStringsArray, ...parts: readonly Part[]): string {
  let result = "";
  let plain = "";
  for (const [index, text] of strings.entries()) {
    plain += text;
    if (index >= parts.length) break;
    const part = parts[index] ?? null;
    if (!isExpression(part)) {
      plain += typeof part === "string" ? part : JSON.stringify(part);
      continue;
    }
    // A dollar before an expression would escape it.
    result += plain.endsWith("$") ? `${escaped(plain.slice(0, -1))}\${{ "$" }}` : escaped(plain);
    result += `\${{ ${textOf(part)} }}`;
    plain = "";
  }
  return result + escaped(plain);
}

function literal(part: Part): string {
  return isExpression(part) ? textOf(part) : JSON.stringify(part);
}

function escaped(plain: string): string {
  return plain.replaceAll("${{", () => "$${{");
}

/** Returns the value with `${{ … }}` for expressions. */
export function written(value: unknown): Json {
  if (isExpression(value)) return `\${{ ${textOf(value)} }}`;
  if (value === null || typeof value !== "object") return value as Json;
  if (Array.isArray(value)) return value.map(written);
  const members: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) members[key] = written(member);
  return members;
}
