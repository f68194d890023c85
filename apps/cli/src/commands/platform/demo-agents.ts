import { join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { cloneOf, platformStart } from "../../local/clone.ts";

/** The demo is a program next to the platform: it needs the Node of the platform, and the terminal. */
export async function agentsDemo({ values, shell }: Context): Promise<Result> {
  const words = values.flag("json") ? ["--json"] : [];
  const start = platformStart(shell);
  if (start?.isPackage === true) return await shell.handOver(start.script, ["demo-agents", ...words]);
  const clone = cloneOf(shell);
  if (clone !== undefined)
    return await shell.handOver(join(clone, "tools/run.mjs"), [
      "examples/demonstration/agents/demo.ts",
      ...words,
    ]);
  throw new Failure("This installation of the CLI does not include the platform.", {
    next: ["Install the package with the platform and run: npx tutti demo agents"],
    exitCode: exitCodes.usage,
    code: "no_platform",
  });
}
