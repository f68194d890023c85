/** Prints the outcome of an action: JSON, quiet or for people. An action returns data and does not choose. */
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Printer } from "./printer.ts";

export interface Outcome {
  /** The document of `--json`. */
  readonly json: unknown;
  /** The lines of `--quiet`. Not set: `--quiet` prints the same as without it. */
  readonly quiet?: readonly string[];
  /** Prints for people. */
  readonly draw?: () => void;
  /** Default: completed. */
  readonly exitCode?: ExitCode;
}

/** An exit code: the action has printed by itself, for example a stream. */
export type Result = number | Outcome;

export function present(
  result: Result,
  print: Pick<Printer, "isJson" | "isQuiet" | "json" | "lines">,
): number {
  if (typeof result === "number") return result;
  const { json, quiet, draw, exitCode = exitCodes.completed } = result;
  if (print.isJson) print.json(json);
  else if (print.isQuiet && quiet !== undefined) print.lines(quiet);
  else draw?.();
  return exitCode;
}
