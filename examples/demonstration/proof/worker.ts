/**
 * The worker of `tutti demo kill`. Its effects are lines of a file: the key of idempotency, and who did it in which
 * attempt. A line is on the disk before the task is answered, so that one that was killed in between has done its work
 * and told nobody. Whoever gets the task next does it again, under the same key.
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
