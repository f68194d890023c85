import type { Frame } from "../evaluate/frame.ts";
import {
  type CheckedExpression,
  type Compiled,
  type CompileOptions,
  checkExpression,
  compileExpression,
  mismatch,
  programOf,
} from "../expression.ts";
import type { Problem } from "../problem.ts";
import { Program } from "../program.ts";
import { startOf } from "../syntax/tree.ts";
import { References } from "../types/references.ts";
import type { Scope } from "../types/scope.ts";
import { type Type, types } from "../types/type.ts";
import { textOfJson } from "../values/exact-json.ts";
import type { Json } from "../values/value.ts";

/**
 * Texts that contain expressions: `Order ${{ input.id }} is ready`. A text that is exactly one `${{ }}` has the value
 * of its expression, of any type. In any other text the values become parts of it. `$${{` is an escaped `${{`.
 */

const opening = "${{";
const closing = "}}";

/** Returns whether a text contains anything to evaluate or unescape. */
export function hasTemplate(text: string): boolean {
  return text.includes(opening);
}

/** Compiles a text with expressions. */
export function compileTemplate(text: string, scope: Scope, { expectedType }: CompileOptions = {}): Compiled {
  const problems: Problem[] = [];
  const references = new References();
  const template = checkTemplate(text, scope, references, problems);
  if (template === undefined) return { ok: false, problems };
  problems.push(...mismatch(template.type, expectedType, template.at));
  if (problems.length > 0) return { ok: false, problems };
  if (template.lone !== undefined) return { ok: true, program: programOf(template.lone, references) };
  const constant = template.parts.every((part) => typeof part === "string")
    ? template.parts.join("")
    : undefined;
  return {
    ok: true,
    program: new Program({
      type: types.string,
      references: references.names,
      passes: undefined,
      constant,
      run: runOf(template),
    }),
  };
}

/** Compiles a text that must be an expression: a single `${{ }}`, or the expression itself. */
export function compileCondition(text: string, scope: Scope, options: CompileOptions = {}): Compiled {
  if (!hasTemplate(text)) return compileExpression(text, scope, options);
  const problems: Problem[] = [];
  const template = checkTemplate(text, scope, new References(), problems);
  if (template !== undefined && template.lone === undefined && problems.length === 0) {
    const message = "expected one expression, got a text with expressions in it";
    return {
      ok: false,
      problems: [{ code: "type_mismatch", at: 0, message, expected: "a single `${{ … }}`" }],
    };
  }
  return compileTemplate(text, scope, options);
}

export interface CheckedTemplate {
  readonly text: string;
  readonly type: Type;
  /** Start of its only expression, or of the text. */
  readonly at: number;
  readonly parts: readonly (string | CheckedExpression)[];
  /** The only expression, if the text contains nothing else. */
  readonly lone: CheckedExpression | undefined;
}

export function checkTemplate(
  text: string,
  scope: Scope,
  references: References,
  problems: Problem[],
): CheckedTemplate | undefined {
  const parts: (string | CheckedExpression)[] = [];
  let plainFrom = 0;
  let complete = true;
  for (let at = text.indexOf(opening); at !== -1; at = text.indexOf(opening, plainFrom)) {
    if (at > plainFrom && text.charAt(at - 1) === "$") {
      parts.push(`${text.slice(plainFrom, at - 1)}${opening}`);
      plainFrom = at + opening.length;
      continue;
    }
    if (at > plainFrom) parts.push(text.slice(plainFrom, at));
    const from = at + opening.length;
    const checked = checkExpression(text, { scope, references, problems, from, closing });
    if (checked === undefined) {
      complete = false;
      // The text after an invalid expression can still be parsed and checked.
      const next = text.indexOf(closing, from);
      plainFrom = next === -1 ? text.length : next + closing.length;
    } else {
      parts.push(checked.expression);
      plainFrom = checked.end;
    }
  }
  if (!complete) return undefined;
  if (plainFrom < text.length) parts.push(text.slice(plainFrom));
  const [only] = parts;
  const lone = parts.length === 1 && typeof only === "object" ? only : undefined;
  return {
    text,
    type: lone?.type ?? types.string,
    at: lone === undefined ? 0 : startOf(lone.node),
    parts,
    lone,
  };
}

/** Evaluates a checked template. Texts are inserted unchanged, other values as JSON. */
export function runOf({
  parts,
  lone,
  text,
}: CheckedTemplate): (frame: Frame, onStart: (text: string) => void) => Json {
  if (lone !== undefined) {
    return (frame, onStart) => {
      onStart(text);
      return lone.run(frame);
    };
  }
  return (frame, onStart) => {
    onStart(text);
    let result = "";
    for (const part of parts) {
      const value = typeof part === "string" ? part : part.run(frame);
      const piece = textOfJson(value);
      frame.charge(1 + (piece.length >>> 3), typeof part === "string" ? 0 : part.node.at);
      result += piece;
    }
    return result;
  };
}
