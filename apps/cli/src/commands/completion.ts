import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { usageFailure } from "../command/failure.ts";
import { completionFor, isShellName, shellNames } from "../completion/scripts.ts";

export async function completion({ values, print, commands }: Context): Promise<number> {
  const name = values.argument("SHELL");
  if (!isShellName(name))
    throw usageFailure(`SHELL: expected one of ${shellNames.join(", ")}, got \`${name}\``);
  print.text(completionFor(name, commands));
  return exitCodes.completed;
}
