import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { demoKill } from "../../demo/demo-kill.ts";
import { printProof } from "../../demo/print-proof.ts";
import { platformOf } from "../../local/clone.ts";

const runsUsual = 500;
const runsMax = 20_000;

export async function killDemo(context: Context): Promise<Result> {
  const { shell, print, values } = context;
  const outcome = await demoKill({
    platform: platformOf(shell, "`tutti demo kill`"),
    runs: runsOf(values.text("runs")),
    report: (line) => print.note(line),
    shell,
  });
  return {
    json: outcome,
    quiet: [],
    draw: () => {
      printProof(outcome, print);
    },
    exitCode: outcome.holds ? exitCodes.completed : exitCodes.failed,
  };
}

export function runsOf(text: string | undefined): number {
  if (text === undefined) return runsUsual;
  const runs = Number(text);
  if (Number.isInteger(runs) && runs >= 10 && runs <= runsMax) return runs;
  throw usageFailure(`--runs: expected 10 to ${runsMax}, got \`${text}\``);
}
