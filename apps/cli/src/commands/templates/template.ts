import { join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { cloneOf, platformStart } from "../../local/clone.ts";

export const listTemplates = (context: Context): Promise<Result> => program(context, ["list"]);

export const showTemplate = (context: Context): Promise<Result> =>
  program(context, ["show", context.values.argument("NAME")]);

export const runTemplate = (context: Context): Promise<Result> =>
  program(context, ["run", context.values.argument("NAME")]);

/** Templates are a program next to the platform: they have workers, which need the SDK. */
async function program({ values, shell }: Context, verb: readonly string[]): Promise<Result> {
  const words = [...verb, ...(values.flag("json") ? ["--json"] : [])];
  const start = platformStart(shell);
  if (start?.isPackage === true) return await shell.handOver(start.script, ["template", ...words]);
  const clone = cloneOf(shell);
  if (clone !== undefined)
    return await shell.handOver(join(clone, "tools/run.mjs"), ["examples/template.ts", ...words]);
  throw new Failure("This installation of the CLI does not include the templates.", {
    next: ["Install the package with the platform and run: npx tutti template list"],
    exitCode: exitCodes.usage,
    code: "no_platform",
  });
}
