import type { Worker } from "@tutti/sdk";
import type { Member } from "../../examples.ts";

/** Workers that have reported to the leader, which runs at the same time. */
const reports: string[] = [];
let all = Promise.withResolvers<void>();
let expected = Number.POSITIVE_INFINITY;

function report(shard?: string): void {
  if (shard !== undefined) reports.push(shard);
  if (reports.length >= expected) all.resolve();
}

async function lead({ workers }: { readonly workers: number }): Promise<string> {
  expected = workers;
  report();
  await all.promise;
  const heard = reports.splice(0).sort();
  all = Promise.withResolvers();
  expected = Number.POSITIVE_INFINITY;
  return `heard ${heard.join(", ")}`;
}

/** Ends when all workers have reported. Without the leader, the workers would wait forever. */
async function work({ shard }: { readonly shard: string }): Promise<string> {
  const others = all.promise;
  report(shard);
  await others;
  return `trained on ${shard}`;
}

/** Two machines with two slots each: the four tasks of the gang fill them. */
export const crew: readonly Member[] = ["one", "two"].map((name) => ({
  options: { agentId: `gang-${name}`, slots: 2, pool: "gang" },
  handle(worker: Worker) {
    worker.handle("train.lead", lead);
    worker.handle("train.work", work);
  },
}));
