import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Values } from "../../command/values.ts";
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
  return await shell.handOver(start.script, [...start.args, ...platformArgs(values, shell.nowMs())]);
}

export function platformArgs(values: Pick<Values, "text" | "flag" | "keys">, nowMs: number): string[] {
  const port = values.text("port");
  return [
    ...(port === undefined ? [] : [`--port=${port}`]),
    "--platform.workflows=.",
    // A unique name pauses only this start.
    ...(values.flag("paused") ? [`--durable.pause=paused-${new Date(nowMs).toISOString()}`] : []),
    ...values.keys(),
  ];
}
