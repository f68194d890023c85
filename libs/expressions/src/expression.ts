import { compile } from "./evaluate/compile.ts";
import type { Evaluate, Frame } from "./evaluate/frame.ts";
import { limits } from "./limits.ts";
import { Fault, type Problem } from "./problem.ts";
import { Program } from "./program.ts";
import { Parser } from "./syntax/parser.ts";
import { type Node, startOf } from "./syntax/tree.ts";
import { Checker } from "./types/checker.ts";
import { References } from "./types/references.ts";
import type { Scope } from "./types/scope.ts";
import { fits, printType, type Type } from "./types/type.ts";
import { toJson } from "./values/json.ts";
import { isList, isPlainMap, type Json, type Value } from "./values/value.ts";

/** A parsed and checked expression. It is compiled at its first evaluation. */
export interface CheckedExpression {
  readonly text: string;
  readonly type: Type;
  readonly node: Node;
  readonly run: (frame: Frame) => Json;
}

export type Compiled =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface CompileOptions {
  /** The required type. Absent if any type is allowed. */
  readonly expectedType?: Type;
}

/** Compiles one expression without `${{ }}`. */
export function compileExpression(
  text: string,
  scope: Scope,
  { expectedType }: CompileOptions = {},
): Compiled {
  const references = new References();
  const problems: Problem[] = [];
  const checked = checkExpression(text, { scope, references, problems, from: 0, closing: "" });
  if (checked === undefined) return { ok: false, problems };
  const { expression } = checked;
  problems.push(...mismatch(expression.type, expectedType, startOf(expression.node)));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, program: programOf(expression, references) };
}

export function programOf(expression: CheckedExpression, { names }: References): Program {
  const { node, text, type, run } = expression;
  return new Program({
    type,
    references: names,
    passes: passedVariable(node),
    constant: node.kind === "literal" ? constantOf(node.value) : undefined,
    run: (frame, onStart) => {
      onStart(text);
      return run(frame);
    },
  });
}

function constantOf(value: unknown): Json | undefined {
  return value === null || typeof value === "string" || typeof value === "boolean" ? value : undefined;
}

/** Returns the variable that the whole expression consists of. Undefined for any other. */
export function passedVariable(node: Node): number | undefined {
  if (node.kind === "name" || node.kind === "index") return node.variable;
  return node.kind === "select" && !node.probe ? node.variable : undefined;
}

export interface CheckRequest {
  readonly scope: Scope;
  readonly references: References;
  readonly problems: Problem[];
  /** Start of the expression in the text. */
  readonly from: number;
  /** Text that must follow it. Empty for the end of the text. */
  readonly closing: string;
}

/**
 * Parses one expression in a text and checks it. Undefined if it cannot be parsed. Problems have places in the text.
 */
export function checkExpression(
  text: string,
  request: CheckRequest,
): { readonly expression: CheckedExpression; readonly end: number } | undefined {
  const { scope, references, problems, from, closing } = request;
  try {
    const { node, end } = parse(text, from, closing);
    const checker = new Checker(scope, references);
    const type = checker.check(node);
    problems.push(...checker.problems);
    return { expression: checkedExpression(text, type, node), end };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    problems.push(fault);
    return undefined;
  }
}

function checkedExpression(text: string, type: Type, node: Node): CheckedExpression {
  let evaluate: Evaluate | undefined;
  const untouched = isPartOfVariable(node);
  return {
    text,
    type,
    node,
    run: (frame) => {
      evaluate ??= compile(node);
      const value = evaluate(frame);
      return untouched && isContainer(value) ? (value as Json) : toJson(value, frame, node.at);
    },
  };
}

function isContainer(value: Value): boolean {
  return isList(value) || isPlainMap(value);
}

/** A part of a variable is JSON like the variable, and need not be converted. */
function isPartOfVariable(node: Node): boolean {
  if (passedVariable(node) !== undefined) return true;
  return (node.kind === "select" || node.kind === "index") && isPartOfVariable(node.of);
}

function parse(text: string, from: number, closing: string): { node: Node; end: number } {
  const parser = new Parser(text, from);
  const node = parser.expression();
  const end = parser.stoppedAt;
  const length = end - from;
  if (length > limits.textLengthMax)
    throw new Fault("too_large", from, `expected at most ${limits.textLengthMax} characters, got ${length}`);
  if (closing === "" ? !parser.atEnd : !text.startsWith(closing, end)) {
    const expected = closing === "" ? "an operator or the end" : `an operator or \`${closing}\``;
    throw new Fault("syntax", end, `expected ${expected}, got ${parser.stoppedLexeme}`, expected);
  }
  return { node, end: end + closing.length };
}

/** Returns the problem of a value with another type. Empty if it fits. */
export function mismatch(type: Type, expectedType: Type | undefined, at: number): readonly Problem[] {
  if (expectedType === undefined || fits(type, expectedType)) return [];
  if (expectedType.kind === "double" && type.kind === "int") return [];
  const expected = expectedType.kind === "object" ? "an object" : `a ${printType(expectedType)}`;
  return [
    {
      code: "type_mismatch",
      at,
      message: `expected ${expected}, got ${printType(type)}`,
      expected: printType(expectedType),
    },
  ];
}
