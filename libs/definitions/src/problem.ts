import type { LineAndColumn } from "@tutti/expressions";
import { nearest } from "@tutti/kernel";

/**
 * What is wrong with a definition, or worth a remark. The same words as `tutti.types.v1.Problem`, so that one report can
 * hold it beside what is wrong with policies and configuration.
 */
export interface DefinitionProblem {
  readonly severity: "error" | "warning";
  /** Stable: `unknown_task`. */
  readonly code: string;
  readonly fileName: string;
  /** From 1. 0 where there is no text. */
  readonly line: number;
  /** From 1. 0 where there is no text. */
  readonly column: number;
  /** Path in the document: `tasks.ship.needs[0]`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What would be right. Empty if unknown. */
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

/** `order.yaml:3:7: tasks.ship: unknown task …; expected …`, as terminals and editors make links of it. */
export function printProblem(problem: DefinitionProblem): string {
  const { fileName, line, column } = problem;
  const place = line > 0 ? `${fileName}:${line}:${column}` : fileName;
  return `${place}: ${problem.severity}: ${printWords(problem)}`;
}

/** The same without its place: `tasks.ship: unknown task … (expected …)`. What is in the message already is not said twice. */
export function printWords({
  path,
  message,
  expected,
}: Pick<DefinitionProblem, "path" | "message" | "expected">): string {
  const about = path === "" ? "" : `${path}: `;
  const wanted = expected === "" || message.includes(expected) ? "" : ` (expected ${expected})`;
  return `${about}${message}${wanted}`;
}

/** Something wrong at a path of a document, before it has a line and a column. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly path: Path;
  /** Whether the key at the end of the path is meant, and not its value. */
  readonly key?: boolean;
  /** Place inside the text at the path, in UTF-16 units. */
  readonly at?: number;
  readonly message: string;
  readonly expected: string;
}

/** Finds the place of a part of a document in its text. */
export interface Places {
  placeOf(path: Path, options: { readonly key?: boolean; readonly at?: number }): LineAndColumn | undefined;
}

/**
 * Collects findings. Beyond a number of them no caller reads on, and a text that consists of mistakes must not cost
 * more than one that has a few.
 */
export class Findings {
  readonly list: Finding[] = [];
  #comparisonsLeft = 50_000;
  readonly #most: number;
  #left = 0;

  constructor(most = 1_000) {
    this.#most = most;
  }

  /**
   * Returns the known name that was most likely meant. A text full of unknown names is not compared with all known
   * ones.
   */
  suggest(found: string, known: Iterable<string>): string | undefined {
    return this.#comparisonsLeft > 0 ? nearest(found, this.counted(known)) : undefined;
  }

  /** Names to compare with, as long as there is time for it. */
  *counted(names: Iterable<string>): Generator<string> {
    for (const name of names) {
      if (this.#comparisonsLeft <= 0) return;
      this.#comparisonsLeft -= 1;
      yield name;
    }
  }

  get hasErrors(): boolean {
    return this.list.some(({ severity }) => severity === "error");
  }

  /** Findings that were not kept. */
  get left(): number {
    return this.#left;
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

  #add(finding: Finding): void {
    if (this.list.length >= this.#most) this.#left += 1;
    else this.list.push(finding);
  }
}
