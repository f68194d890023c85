/**
 * A supervised agent of the bench: node agent-process.ts CAPABILITY LOG FAILING
 * It writes down when it is linked and when each task begins; a share of its tasks fails.
 */
import { appendFileSync } from "node:fs";
import { Worker } from "@tutti/sdk";

const [capability = "", log = "", failing = "0"] = process.argv.slice(2);
const note = (what: object) => appendFileSync(log, `${JSON.stringify({ ...what, atMs: Date.now() })}\n`);

const worker = new Worker({ slots: 4 });
worker.handle<{ readonly probe: string }>(capability, ({ probe }) => {
  note({ what: "began", probe });
  if (Math.random() < Number(failing)) throw new Error("one of those that fail");
  return probe;
});
await worker.start();
note({ what: "linked", agentId: worker.agentId, pid: process.pid });
await worker.stopped;
