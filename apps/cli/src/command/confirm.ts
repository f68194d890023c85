import type { Context } from "./declaration.ts";
import { usageFailure } from "./failure.ts";

/** Asks before something is destroyed. Without a terminal only `--yes` confirms. */
export async function isConfirmed(
  { values, shell, print, command }: Pick<Context, "values" | "shell" | "print" | "command">,
  question: string,
): Promise<boolean> {
  if (values.flag("yes")) return true;
  if (!print.canPrompt)
    throw usageFailure(`\`tutti ${command.name}\` needs a confirmation: ${question}`, [
      "Add --yes to confirm without a question.",
    ]);
  const answer = await shell.prompt(`${question} [y/N] `);
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return true;
  print.note("Nothing was changed.");
  return false;
}
