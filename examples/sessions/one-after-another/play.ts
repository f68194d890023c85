/** A session that starts after another session completes. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

const order: string[] = [];

export function handle(worker: Worker): void {
  worker.handle("stage.do", ({ what }: { readonly what: string }) => {
    order.push(what);
    return what;
  });
}

export async function play(tutti: Tutti): Promise<unknown> {
  const task = (what: string) => [{ id: what, uses: "stage.do", with: { what } }];
  const rehearsal = await tutti.run({ id: "rehearsal", tasks: task("rehearse"), mode: "workflow" });
  const concert = await tutti.run({
    id: "concert",
    tasks: task("perform"),
    mode: "workflow",
    after: ["rehearsal"],
  });
  await Promise.all([rehearsal.result(), concert.result()]);
  const { state } = await concert.get();
  return { order, done: state === "completed" };
}
