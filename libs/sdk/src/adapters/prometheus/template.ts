/**
 * PromQL with values of a task.
 *
 * 1. `{name}` is replaced only within a text literal, and its value is escaped for that literal.
 * 2. The text of a matcher with `=~` or `!~` is a pattern. There, characters of a value match themselves, and a list matches
 *    each of its values. So no part of the input becomes a part of the query.
 */
import { adapterErrors } from "../errors.ts";

type Input = Readonly<Record<string, unknown>>;

export interface Template {
  readonly names: readonly string[];
  filled(operation: string, input: Input): string;
}

/** Matches literals and comments. Comments are included so that a quote in a comment does not start a literal. */
const literalForm = /#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/gs;
const memberForm = /\{([A-Za-z_]\w*)\}/g;
const valueTextMax = 10_000;

/** Splits a query into its literals with members and the rest. */
export function templateOf(adapter: string, query: string): Template {
  const names = new Set<string>();
  for (const { 0: literal } of query.matchAll(literalForm)) {
    if (literal.startsWith("#")) continue;
    for (const [, name = ""] of literal.matchAll(memberForm)) {
      if (literal.startsWith("`")) {
        const problem = `\`{${name}}\` is within backticks, where no value can be escaped. Use quotes`;
        throw adapterErrors.invalid({ adapter, problem });
      }
      names.add(name);
    }
  }
  return {
    names: [...names],
    filled: (operation, input) =>
      query.replace(literalForm, (literal: string, at: number) => {
        if (literal.startsWith("#")) return literal;
        const isPattern = /[=!]~\s*$/.test(query.slice(Math.max(0, at - 100), at));
        return literal.replace(memberForm, (_member, name: string) =>
          escaped(textOf(operation, name, input[name], isPattern), literal[0] ?? ""),
        );
      }),
  };
}

function textOf(operation: string, name: string, value: unknown, isPattern: boolean): string {
  const values = Array.isArray(value) && isPattern ? value : [value];
  for (const each of values.length === 0 ? [undefined] : values)
    if (!["string", "number", "boolean"].includes(typeof each)) {
      const list = isPattern ? ", or a list of them" : "";
      throw adapterErrors.inputInvalid({
        operation,
        reason: `\`${name}\`: expected a text or a number${list}`,
      });
    }
  const texts = values
    .map(String)
    .map((text) => (isPattern ? text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : text));
  const text = texts.join("|");
  if (text.length > valueTextMax)
    throw adapterErrors.inputInvalid({
      operation,
      reason: `\`${name}\`: more than ${valueTextMax} characters`,
    });
  return texts.length > 1 ? `(?:${text})` : text;
}

function escaped(text: string, quote: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n");
}
