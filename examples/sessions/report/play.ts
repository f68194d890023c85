/** Tasks with an intent: Tutti chooses the mode. Results are available by task id. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

export function handle(worker: Worker): void {
  worker.handle("sales.count", ({ day }: { readonly day: number }) => ({ day, sold: day * 10 }));
  worker.handle("sales.sum", ({ days }: { readonly days: readonly { readonly sold: number }[] }) =>
    days.reduce((sum, { sold }) => sum + sold, 0),
  );
}

export async function play(tutti: Tutti): Promise<unknown> {
  const session = await tutti.run({
    id: "report",
    title: "The sales of two days",
    tasks: [
      { id: "monday", uses: "sales.count", with: { day: 1 } },
      { id: "tuesday", uses: "sales.count", with: { day: 2 } },
      {
        id: "sum",
        uses: "sales.sum",
        needs: ["monday", "tuesday"],
        with: { days: ["${{ tasks.monday.output }}", "${{ tasks.tuesday.output }}"] },
      },
    ],
    mode: "adaptive",
    optimization: true,
    monitoring: true,
  });
  const { monday, sum } = await session.result();
  const { choices } = await session.why();
  return { monday, sum, chosen: choices.map(({ kind }) => kind) };
}
