import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "@tutti/sdk";
import type { Member } from "../../examples.ts";

/** Numbers of copies that were on a press at the same time. */
export const presses = { busy: 0, busyMax: 0 };

/** Two people who can both check a text, one of them its author, and a print shop with two presses. */
export const crew: readonly Member[] = [
  { options: { pool: "newsroom", agentId: "ann", labels: { role: "author", desk: "near" } }, handle: edit },
  { options: { pool: "newsroom", agentId: "bob", labels: { role: "editor" } }, handle: edit },
  {
    options: { pool: "print-shop", agentId: "printer", labels: { paper: "a3" }, resources: { press: 2 } },
    handle: print,
  },
];

function edit(worker: Worker): void {
  worker.handle("text.write", async ({ about }: { readonly about: string }) => ({
    text: `All about ${about}`,
    by: worker.agentId,
  }));
  worker.handle("text.check", async () => ({ by: worker.agentId }));
}

function print(worker: Worker): void {
  worker.handle(
    "text.print",
    async ({ text, copy }: { readonly text: string; readonly copy: number }, { idempotencyKey }) => {
      presses.busy += 1;
      presses.busyMax = Math.max(presses.busyMax, presses.busy);
      // Gives other copies time to start.
      for (let turn = 0; turn < 50; turn++) await nextTurn();
      presses.busy -= 1;
      return `${text}, copy ${copy}, printed once as ${idempotencyKey}`;
    },
  );
}
