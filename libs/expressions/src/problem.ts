/**
 * Problems of an expression: from parsing, checking or evaluating. All have a place, so that the caller can point at
 * it.
 */

export type ProblemCode =
  | "syntax"
  | "too_large"
  | "unknown_name"
  | "unknown_field"
  | "unknown_function"
  | "type_mismatch"
  | "no_such_key"
  | "no_such_overload"
  | "missing_value"
  | "out_of_range"
  | "divided_by_zero"
  | "invalid_argument"
  | "steps_exhausted";

export interface Problem {
  readonly code: ProblemCode;
  /** Expected and found, in words. */
  readonly message: string;
  /** Expected value, if known. Otherwise empty. */
  readonly expected: string;
  /** Place in the text, in UTF-16 units from its start. */
  readonly at: number;
}

/**
 * Thrown inside this library to leave an evaluation, and converted to data at its edge. Not an `Error`: an expression
 * that fails is not a fault of the program. `||` catches what its left side throws, and a stack would cost more than the
 * evaluation.
 */
export class Fault implements Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly expected: string;
  readonly at: number;

  constructor(code: ProblemCode, at: number, message: string, expected = "") {
    this.code = code;
    this.message = message;
    this.expected = expected;
    this.at = at;
  }
}

export interface LineAndColumn {
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
}

export function lineAndColumn(text: string, at: number): LineAndColumn {
  let line = 1;
  let start = 0;
  for (let found = text.indexOf("\n"); found !== -1 && found < at; found = text.indexOf("\n", found + 1)) {
    line += 1;
    start = found + 1;
  }
  return { line, column: at - start + 1 };
}
