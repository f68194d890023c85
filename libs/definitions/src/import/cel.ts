/** Writes expressions of Tutti (CEL) from values and paths of foreign files. */
import type { Json } from "@tutti/expressions";

/** A construct without a counterpart. The caller lists it. */
export class UnsupportedConstruct extends Error {
  /** Place in the file. Default: the place of the state. */
  readonly path: readonly (string | number)[] | undefined;

  constructor(reason: string, path?: readonly (string | number)[]) {
    super(reason);
    this.path = path;
  }
}

/** Returns a value that an expression computes. */
export function template(expression: string): string {
  return `\${{ ${expression} }}`;
}

/** Returns an expression for a place that expects one. */
export function condition(expression: string): string {
  return expression.includes("${{") ? template(expression) : expression;
}

/** Returns a text without expressions. */
export function plain(text: string): string {
  return text.replaceAll("${{", () => "$${{");
}

/** Returns the expression of a value that contains templates. */
export function expressionOf(value: Json): string {
  if (typeof value === "string") {
    const [, expression] = /^\$\{\{ ([\s\S]*) \}\}$/.exec(value) ?? [];
    return expression ?? JSON.stringify(value.replaceAll("$${{", "${{"));
  }
  if (Array.isArray(value)) return `[${value.map(expressionOf).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return record(Object.entries(value).map(([key, each]) => [key, expressionOf(each)]));
}

/** Returns a map of expressions. A blank keeps its end from closing the template. */
export function record(members: readonly (readonly [name: string, expression: string])[]): string {
  return members.length === 0
    ? "{}"
    : `{${members.map(([name, expression]) => `${JSON.stringify(name)}: ${expression}`).join(", ")} }`;
}

/** Returns a member or an element of a value. */
export function member(value: string, key: string | number): string {
  if (typeof key === "number") return `${value}[${key}]`;
  return /^[A-Za-z_]\w*$/.test(key) && !reserved.has(key)
    ? `${value}.${key}`
    : `${value}[${JSON.stringify(key)}]`;
}

const reserved = new Set(
  "as break const continue else false for function if import in let loop namespace null package return true var void while".split(
    " ",
  ),
);

/** Returns the check that the value at a path exists. The value above it must exist. */
export function isThere(path: string): string | undefined {
  const [, above, name, key] = /^([\s\S]+?)(?:\.([A-Za-z_]\w*)|\[("(?:[^"\\]|\\.)*")\])$/.exec(path) ?? [];
  return above === undefined ? undefined : `${key ?? JSON.stringify(name)} in ${above}`;
}

/** Returns a map with the members of two. Those of the second take precedence. */
export function merged(one: string, other: string): string {
  const rest = `${one}.transformList(k, v, !(k in ${other}), [k, v])`;
  return `(${rest} + ${other}.transformList(k, v, [k, v])).transformMapEntry(i, e, {e[0]: e[1]})`;
}

/** Returns a map with an additional or replaced member. */
export function withMember(value: string, path: readonly string[], expression: string): string {
  const [key, ...deeper] = path;
  if (key === undefined) return expression;
  const name = JSON.stringify(key);
  const inner =
    deeper.length === 0
      ? expression
      : withMember(`(${name} in ${value} ? ${member(value, key)} : {})`, deeper, expression);
  return `(${value}.transformList(k, v, k != ${name}, [k, v]) + [[${name}, ${inner}]]).transformMapEntry(i, e, {e[0]: e[1]})`;
}

/** Returns seconds as a duration of Tutti, at least a millisecond. */
export function seconds(count: number): string {
  return Number.isInteger(count) && count > 0 ? `${count}s` : `${Math.max(1, Math.round(count * 1000))}ms`;
}
