import { type LineAndColumn, losesDigits } from "@tutti/expressions";
import { nearest } from "@tutti/kernel";

/**
 * A problem of a definition, as an error or a warning. It has the fields of `tutti.types.v1.Problem`, so that one
 * report can include problems of policies and configuration too.
 */
export interface DefinitionProblem {
  readonly severity: "error" | "warning";
  /** Stable code: `unknown_task`. */
  readonly code: string;
  readonly fileName: string;
  /** Line, from 1. 0 without a text. */
  readonly line: number;
  /** Column, from 1. 0 without a text. */
  readonly column: number;
  /** Path in the document: `tasks.ship.needs[0]`. */
  readonly path: string;
  /** Description of the problem. */
  readonly message: string;
  /** Expected value. Empty if unknown. */
  readonly expected: string;
}

export type Path = readonly (string | number)[];

export function printPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part.length > 60 ? `${part.slice(0, 60)}…` : part)}]`;
  }
  return text;
}

/**
 * Formats a problem: `order.yaml:3:7: tasks.ship: unknown task …; expected …`. Terminals and editors
 * recognize the place as a link.
 */
export function printProblem(problem: DefinitionProblem): string {
  const { fileName, line, column } = problem;
  const place = line > 0 ? `${fileName}:${line}:${column}` : fileName;
  return `${place}: ${problem.severity}: ${formatWithoutPlace(problem)}`;
}

/**
 * Formats a problem without its place: `tasks.ship: unknown task … (expected …)`. Text that the message contains
 * already is not repeated.
 */
export function formatWithoutPlace({
  path,
  message,
  expected,
}: Pick<DefinitionProblem, "path" | "message" | "expected">): string {
  const about = path === "" ? "" : `${path}: `;
  const suffix = expected === "" || message.includes(expected) ? "" : ` (expected ${expected})`;
  return `${about}${message}${suffix}`;
}

/** A problem at a path of a document, before its line and column are known. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly path: Path;
  /** Whether it is about the key at the end of the path, and not its value. */
  readonly key?: boolean;
  /** Offset in the text at the path, in UTF-16 units. */
  readonly at?: number;
  readonly message: string;
  readonly expected: string;
}

/** Finds the place of a part of a document in its text. */
export interface Places {
  placeOf(path: Path, options: { readonly key?: boolean; readonly at?: number }): LineAndColumn | undefined;
}

/**
 * Collects findings. Their number is bounded, so that a text full of problems does not cost more than one with a
 * few.
 */
export class Findings {
  readonly list: Finding[] = [];
  #remainingComparisons = 50_000;
  readonly #most: number;
  #droppedCount = 0;

  constructor(most = 1_000) {
    this.#most = most;
  }

  /** Returns the most similar known name. A text full of unknown names is not compared with all known ones. */
  suggest(found: string, known: Iterable<string>): string | undefined {
    return this.#remainingComparisons > 0 ? nearest(found, this.counted(known)) : undefined;
  }

  /** Yields names to compare with, within the budget of comparisons. */
  *counted(names: Iterable<string>): Generator<string> {
    for (const name of names) {
      if (this.#remainingComparisons <= 0) return;
      this.#remainingComparisons -= 1;
      yield name;
    }
  }

  get hasErrors(): boolean {
    return this.list.some(({ severity }) => severity === "error");
  }

  /** Number of dropped findings. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  error(
    code: string,
    path: Path,
    message: string,
    more: Partial<Pick<Finding, "key" | "at" | "expected">> = {},
  ): void {
    this.#add({ severity: "error", code, path, message, expected: "", ...more });
  }

  warning(
    code: string,
    path: Path,
    message: string,
    more: Partial<Pick<Finding, "key" | "at" | "expected">> = {},
  ): void {
    this.#add({ severity: "warning", code, path, message, expected: "", ...more });
  }

  /** Numbers of a text are doubles. */
  warnIfRounded(path: Path, value: number, source: string): void {
    if (!losesDigits(value, source)) return;
    const message = `the number ${source} is rounded to ${value}. Write it as a text to keep its digits`;
    this.warning("rounded", path, message, { expected: JSON.stringify(source) });
  }

  #add(finding: Finding): void {
    if (this.list.length >= this.#most) this.#droppedCount += 1;
    else this.list.push(finding);
  }
}
