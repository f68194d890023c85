import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverToProgram } from "../../local/clone.ts";

/** The demo is a program next to the platform: it needs the Node of the platform, and the terminal. */
export async function agentsDemo({ values, shell }: Context): Promise<Result> {
  const args = values.flag("json") ? ["--json"] : [];
  return await handOverToProgram(shell, "`tutti demo agents`", ["demo-agents", ...args]);
}
