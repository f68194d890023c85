import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Values } from "../../command/values.ts";
import { platformStart } from "../../local/clone.ts";

/** Runs the platform in the terminal until Ctrl-C, with the workflow files of the folder. */
export function dev(context: Context): Promise<Result> {
  return handOver(context, ["--platform.workflows=."]);
}

/** Runs the platform as a service. Workflows are registered by `tutti apply`. */
export function serve(context: Context): Promise<Result> {
  return handOver(context, []);
}

async function handOver({ values, shell }: Context, given: readonly string[]): Promise<Result> {
  const start = platformStart(shell);
  if (start === undefined)
    throw new Failure("This installation of the CLI does not include the platform.", {
      next: ["Install the package with the platform and run: npx tutti dev"],
      exitCode: exitCodes.usage,
      code: "no_platform",
    });
  return await shell.handOver(start.script, [
    ...start.args,
    ...given,
    ...platformArgs(values, shell.nowMs()),
  ]);
}

export function platformArgs(values: Pick<Values, "text" | "flag" | "keys">, nowMs: number): string[] {
  const port = values.text("port");
  return [
    ...(port === undefined ? [] : [`--port=${port}`]),
    // A unique name pauses only this start.
    ...(values.flag("paused") ? [`--durable.pause=paused-${new Date(nowMs).toISOString()}`] : []),
    ...values.keys(),
  ];
}
