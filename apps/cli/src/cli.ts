/** From the words of a command line to its exit code. */

import { isConfirmed } from "./command/confirm.ts";
import type { Command } from "./command/declaration.ts";
import { exitCodes } from "./command/exit-codes.ts";
import { drawFailure, Failure, failureJson } from "./command/failure.ts";
import { present } from "./command/presenter.ts";
import { Printer } from "./command/printer.ts";
import { readWords } from "./command/words.ts";
import { commands } from "./commands/commands.ts";
import type { Shell } from "./effects/shell.ts";

export async function runCommandLine(
  words: readonly string[],
  shell: Shell,
  version: string,
  known: readonly Command[] = commands,
): Promise<number> {
  let print = new Printer(shell, { isJson: words.includes("--json"), isQuiet: false, noColours: false });
  try {
    const asked = readWords(words, known);
    if (asked.kind === "version") {
      print.line(version);
      return exitCodes.completed;
    }
    if (asked.kind === "help") {
      const { drawHelp } = await import("./command/help.ts");
      print.lines(drawHelp(asked, known, print));
      return exitCodes.completed;
    }
    const { command, values } = asked;
    print = new Printer(shell, {
      isJson: values.flag("json"),
      isQuiet: values.flag("quiet"),
      noColours: values.flag("no-color"),
    });
    const question = command.confirm?.(values);
    if (question !== undefined && !(await isConfirmed({ command, values, shell, print }, question)))
      return exitCodes.completed;
    const action = await command.load();
    return present(await action({ command, commands: known, values, shell, print, version }), print);
  } catch (error) {
    if (shell.interrupted.aborted && !(error instanceof Failure)) return exitCodes.interrupted;
    return tell(error, print);
  }
}

function tell(error: unknown, print: Printer): number {
  const failure = error instanceof Failure ? error : fault(error);
  if (print.isJson) print.errorLines([JSON.stringify(failureJson(failure))]);
  else print.errorLines(drawFailure(failure, { style: print.errorStyle, width: print.errorWidth }));
  return failure.exitCode;
}

/** What nobody foresaw is our own mistake. Where it happened helps whoever repairs it. */
function fault(error: unknown): Failure {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  return new Failure(`Internal error of the CLI: ${message}`, {
    // Where a module cannot be linked the lines before are its source, all of it.
    why: stack
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("at "))
      .slice(0, 5),
    next: ["Please report this bug with the command line."],
    exitCode: exitCodes.fault,
    code: "fault",
    cause: error,
  });
}
