import { drawProblem, type PlacedProblem } from "../terminal/problems.ts";
import type { Style } from "../terminal/style.ts";
import { safe, safeLines, wrap } from "../terminal/text.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

export interface FailureParts {
  /** The reason, in lines. */
  readonly why?: readonly string[];
  /** The errors of a file. People see them at their lines, before the failure. */
  readonly problems?: readonly SourceProblem[];
  /** Next actions, the most likely first: sentences, or commands with their effect. */
  readonly next?: readonly Advice[];
  readonly exitCode: ExitCode;
  /** Stable, for programs. */
  readonly code: string;
  readonly cause?: unknown;
}

export interface SourceProblem {
  readonly problem: PlacedProblem;
  /** Text of the whole file. */
  readonly text: string;
}

/** A sentence, or a command and its effect. */
export type Advice = string | readonly [command: string, does: string];

/** Failure of a command: what happened, why, and the next actions. */
export class Failure extends Error {
  readonly why: readonly string[];
  readonly problems: readonly SourceProblem[];
  readonly next: readonly Advice[];
  readonly exitCode: ExitCode;
  readonly code: string;

  constructor(message: string, { why = [], problems = [], next = [], exitCode, code, cause }: FailureParts) {
    super(message, { cause });
    this.why = why;
    this.problems = problems;
    this.next = next;
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** Returns the failure for a wrong command line. */
export function usageFailure(message: string, next: readonly Advice[] = []): Failure {
  return new Failure(message, { next, exitCode: exitCodes.usage, code: "usage" });
}

export function drawFailure(
  { message, why, problems, next }: Pick<Failure, "message" | "why" | "problems" | "next">,
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const room = Math.max(40, Math.min(width, 100) - 2);
  const [first = "", ...rest] = safeLines(message).flatMap((line) => wrap(line, room));
  const commands = next.filter((advice) => typeof advice !== "string");
  const commandWidth = Math.max(0, ...commands.map(([command]) => command.length));
  return [
    ...problems.flatMap(({ problem, text }) => [
      ...drawProblem(problem, text, { style, width: Math.min(width, 120) }),
      "",
    ]),
    `${style.red("✗")} ${style.bold(first)}`,
    ...rest.map((line) => `  ${style.bold(line)}`),
    // Drawn problems are the reason.
    ...(problems.length > 0 ? [] : why).flatMap((line) => wrap(safe(line), room)).map((line) => `  ${line}`),
    ...next.flatMap((advice) => {
      if (typeof advice === "string") return wrap(safe(advice), room).map((line) => `  ${style.dim(line)}`);
      const [command, does] = advice;
      return [`  ${safe(command).padEnd(commandWidth)}   ${style.dim(safe(does))}`];
    }),
  ];
}

/** Returns a failure as one document for programs. */
export function failureJson({ message, why, problems, next, code, exitCode }: Failure): object {
  const reasons = why.length > 0 ? why : problems.map(({ problem }) => problemLine(problem));
  return {
    error: {
      code,
      exitCode,
      message,
      ...(reasons.length === 0 ? {} : { why: reasons }),
      ...(next.length === 0
        ? {}
        : {
            next: next.map((advice) => (typeof advice === "string" ? advice : `${advice[0]}: ${advice[1]}`)),
          }),
    },
  };
}

function problemLine({ fileName, line, column, path, message }: PlacedProblem): string {
  return `${fileName}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}
