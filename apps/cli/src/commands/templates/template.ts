import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverToProgram } from "../../local/clone.ts";

export const listTemplates = (context: Context): Promise<Result> => program(context, ["list"]);

export const showTemplate = (context: Context): Promise<Result> =>
  program(context, ["show", context.values.argument("NAME")]);

export const runTemplate = (context: Context): Promise<Result> =>
  program(context, ["run", context.values.argument("NAME")]);

/** Templates are a program next to the platform: they have workers, which need the SDK. */
async function program({ values, shell }: Context, verb: readonly string[]): Promise<Result> {
  const words = [...verb, ...(values.flag("json") ? ["--json"] : [])];
  return await handOverToProgram(shell, "`tutti template`", ["template", ...words]);
}
