/** A session fails, is resumed after a repair, and keeps completed results. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

let isJammed = true;
let drawn = 0;

export function handle(worker: Worker): void {
  worker.handle("poster.draw", () => `drawing ${++drawn}`);
  worker.handle("poster.print", ({ of }: { readonly of: string }) => {
    if (isJammed) throw new Error("the printer is jammed");
    return `print of ${of}`;
  });
}

export async function play(tutti: Tutti): Promise<unknown> {
  const session = await tutti.run({
    id: "poster",
    mode: "workflow",
    tasks: [
      { id: "draw", uses: "poster.draw" },
      { id: "print", uses: "poster.print", needs: ["draw"], with: { of: "${{ tasks.draw.output }}" } },
    ],
  });
  const error = await session.result().catch((thrown: { readonly code?: string }) => thrown.code);
  isJammed = false;
  await session.retry("the paper is out");
  return { error, result: await session.result() };
}
