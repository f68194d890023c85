/** A worker with one slot. The input sets the duration of its task: `slow-worker.ts ADDRESS AGENT`. */
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";

const [, , address = "", agentId = ""] = process.argv;
const worker = new Worker({ address, agentId, slots: 1 }, { logger: silentLogger });
worker.handle("slow.work", async ({ takesMs }: { readonly takesMs: number }, { attempt }) => {
  console.log(`started attempt ${attempt}`);
  await pause(takesMs);
  return { agentId, attempt };
});
await worker.run();
