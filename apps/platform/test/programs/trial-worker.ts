/**
 * A worker of two slots and eight cores, whose tasks fail next to LIMIT others: `trial-worker.ts ADDRESS AGENT POOL MS LIMIT`.
 * Prints `linked`.
 */
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { TaskFailure, Worker } from "@tutti/sdk";

const [, , address = "", agentId = "", pool = "", takesMs = "0", limit = "0"] = process.argv;
const options = { address, agentId, pool, slots: 2, resources: { cpu: 8 } };
const worker = new Worker(options, { logger: silentLogger });
let running = 0;
worker.handle(`${pool}.work`, async () => {
  running++;
  const isOverloaded = running > Number(limit);
  await pause(Number(takesMs));
  running--;
  if (isOverloaded) throw new TaskFailure("trial.overloaded", "The worker is overloaded.", { final: true });
});
await worker.start();
console.log("linked");
