/**
 * Prints the outcomes of actions. Only this file knows the reader of a command line: people, `--quiet` or `--json`.
 *
 * 1. An action returns data and a drawing for people. It does not choose between them.
 * 2. With `--json` standard output has only documents: no note, no colour, no question.
 * 3. A list is one page. The document of `--json` has the token of the next page, and people get the command for it.
 */
import type { Shell } from "../effects/shell.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { drawFailure, type Failure, failureJson } from "./failure.ts";
import { Printer } from "./printer.ts";
import type { Values } from "./values.ts";

export interface Outcome {
  /** The document of `--json`. Not set: `--json` prints nothing. */
  readonly json?: unknown;
  /** The lines of `--quiet`. Not set: `--quiet` prints the same as without it. */
  readonly quiet?: readonly string[];
  /** Prints for people. */
  readonly draw?: () => void;
  /** Printed for people instead of an empty table, with the next action. Not set: the outcome is drawn. */
  readonly empty?: string | undefined;
  /** Default: completed. */
  readonly exitCode?: ExitCode;
}

/** One page of a list. */
export interface Page extends Outcome {
  readonly json: object;
  /** Where the list continues. Undefined at its end. */
  readonly nextToken: string | undefined;
}

/** A sequence of outcomes. With `--json` each is a line. */
export interface Stream {
  /** Resolves at the end of the stream. */
  readonly follow: (emit: (record: Outcome) => void) => Promise<ExitCode>;
}

/** Result of an action. A number is an exit code: the action has nothing to print, or another program has printed. */
export type Result = number | Outcome | Page | Stream;

type Reader = "people" | "quiet" | "json";

export class Presenter {
  /** The printer of actions. */
  readonly print: Printer;
  readonly #shell: Pick<Shell, "output">;
  readonly reader: Reader;

  constructor(
    shell: Pick<Shell, "output" | "errors" | "isAnswered" | "environment">,
    { reader, noColours = false }: { readonly reader: Reader; readonly noColours?: boolean },
  ) {
    this.#shell = shell;
    this.reader = reader;
    this.print = new Printer(shell, {
      hasColours: !noColours,
      isForPeople: reader !== "json",
      hasNotes: reader === "people",
    });
  }

  /** @param name the name of the command, for its next page */
  async present(result: Result, { name }: { readonly name: string }): Promise<number> {
    if (typeof result === "number") return result;
    if ("follow" in result)
      return await result.follow((record) => {
        this.#write(record, { isLine: true });
      });
    if ("nextToken" in result) this.#writePage(result, name);
    else this.#write(result);
    return result.exitCode ?? exitCodes.completed;
  }

  presentFailure(failure: Failure): number {
    const { print } = this;
    if (this.reader === "json") print.errorLines([JSON.stringify(failureJson(failure))]);
    else {
      // Before the layout, because commands are padded to one width.
      const next = failure.next.map((advice) =>
        typeof advice === "string" ? print.typed(advice) : ([print.typed(advice[0]), advice[1]] as const),
      );
      const { message, why, problems } = failure;
      const place = { style: print.errorStyle, width: print.errorWidth };
      print.errorLines(drawFailure({ message, why, problems, next }, place));
    }
    return failure.exitCode;
  }

  #writePage({ json, nextToken, empty, draw, ...page }: Page, name: string): void {
    const { print } = this;
    this.#write({
      ...page,
      json: { ...json, ...(nextToken === undefined ? {} : { nextToken }) },
      draw: () => {
        if (empty === undefined) draw?.();
        else print.note(empty);
        if (nextToken === undefined) return;
        print.note("");
        print.note(print.errorStyle.dim(`Show more: tutti ${name} --all, or --page ${nextToken}`));
      },
    });
  }

  #write({ json, quiet, draw, empty }: Outcome, { isLine = false } = {}): void {
    if (this.reader === "json") {
      const { output } = this.#shell;
      const indent = output.isTerminal && !isLine ? 2 : undefined;
      if (json !== undefined) output.write(`${JSON.stringify(json, undefined, indent)}\n`);
    } else if (this.reader === "quiet" && quiet !== undefined) this.print.lines(quiet);
    else if (empty !== undefined) this.print.note(empty);
    else draw?.();
  }
}

export function presenterFor(shell: Shell, values: Pick<Values, "flag">): Presenter {
  const reader = values.flag("json") ? "json" : values.flag("quiet") ? "quiet" : "people";
  return new Presenter(shell, { reader, noColours: values.flag("no-color") });
}
