import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { platformStart } from "../../local/clone.ts";

/** Runs the platform in the terminal until Ctrl-C. */
export async function dev({ values, shell }: Context): Promise<Result> {
  const start = platformStart(shell);
  if (start === undefined)
    throw new Failure("This installation of the CLI does not include the platform.", {
      next: ["Install the package with the platform and run: npx tutti dev"],
      exitCode: exitCodes.usage,
      code: "no_platform",
    });
  const port = values.text("port");
  const args = [
    ...start.args,
    ...(port === undefined ? [] : [`--port=${port}`]),
    "--platform.workflows=.",
    ...values.keys(),
  ];
  return await shell.handOver(start.script, args);
}
