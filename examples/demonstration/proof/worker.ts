/**
 * The worker of `tutti demo kill`. Its effects are lines of a file: the idempotency key, the attempt and the worker. A line
 * is on the disk before the worker reports the result. So a worker that is killed in between has done its work without a
 * report. The next worker repeats the task with the same key.
 */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "@tutti/sdk";

const file = openSync(process.env["PROOF_EFFECTS"] ?? "effects.jsonl", "a");
const worker = new Worker({ slots: 16 });

worker.handle("proof.effect", async (_, { idempotencyKey, attempt }) => {
  await sleep(15);
  writeSync(file, `${JSON.stringify({ key: idempotencyKey, attempt, by: worker.agentId })}\n`);
  fsyncSync(file);
  await sleep(15);
  return null;
});

await worker.run();
closeSync(file);
