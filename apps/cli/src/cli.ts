/** Runs a command line and returns its exit code. */

import { misspeltVariables } from "@tutti/kernel";
import { parseCommandLine } from "./command/command-line.ts";
import { isConfirmed } from "./command/confirm.ts";
import type { Command, Context } from "./command/declaration.ts";
import { exitCodes } from "./command/exit-codes.ts";
import { Failure } from "./command/failure.ts";
import { Presenter, presenterFor } from "./command/presenter.ts";
import { commands } from "./commands/commands.ts";
import type { Shell } from "./effects/shell.ts";
import { safe } from "./terminal/text.ts";

export async function runCommandLine(
  args: readonly string[],
  shell: Shell,
  version: string,
  known: readonly Command[] = commands,
): Promise<number> {
  let presenter = new Presenter(shell, { reader: args.includes("--json") ? "json" : "people" });
  let context: Context | undefined;
  try {
    const invocation = parseCommandLine(args, known);
    if (invocation.kind === "version") {
      presenter.print.line(version);
      return exitCodes.completed;
    }
    if (invocation.kind === "help") {
      const { drawHelp } = await import("./command/help.ts");
      presenter.print.lines(drawHelp(invocation, known, presenter.print));
      return exitCodes.completed;
    }
    const { command, values } = invocation;
    presenter = presenterFor(shell, values);
    const { print } = presenter;
    // `doctor` lists them among its findings.
    if (command.name !== "doctor") warn(misspeltVariables(shell.environment), presenter);
    const question = command.confirm?.(values);
    if (question !== undefined && !(await isConfirmed({ command, values, shell, print }, question)))
      return exitCodes.completed;
    const action = await command.load();
    context = { command, commands: known, values, shell, print, version };
    const result = await action(context);
    return await presenter.present(result, command);
  } catch (error) {
    if (shell.interrupted.aborted && !(error instanceof Failure)) return exitCodes.interrupted;
    const failure = error instanceof Failure ? error : fault(error);
    const isStrange = failure.code === "fault" || failure.code === "strange_answer";
    return presenter.presentFailure((isStrange ? await strangerIn(context) : undefined) ?? failure);
  }
}

/** Warns every reader but `--quiet`, on standard error: a script would use the wrong platform or namespace. */
function warn(sentences: readonly string[], { print, reader }: Presenter): void {
  if (reader === "quiet") return;
  for (const sentence of sentences)
    print.errorLines([`${print.errorStyle.yellow("warning:")} ${safe(sentence)}`]);
}

/** Returns the failure if another program than Tutti answers at the address. Its replies are no bug of the CLI. */
async function strangerIn(context: Context | undefined): Promise<Failure | undefined> {
  if (context === undefined) return undefined;
  const [{ serverAddress }, { strangerAt }] = await Promise.all([
    import("./server/address.ts"),
    import("./server/refusal.ts"),
  ]);
  return await strangerAt(serverAddress(context)).catch(() => undefined);
}

/** Returns the failure for an unexpected error, which is a bug of the CLI. The report has the stack. */
function fault(error: unknown): Failure {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  return new Failure(`Internal error of the CLI: ${message}`, {
    // If a module cannot be linked, the lines before the stack are its whole source.
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
