/** A worker of one slot with a speed: `worker-process.ts ADDRESS NAME SPEED CAPABILITY…`. Prints `linked`. */
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk/worker";

const [, , address = "", agentId = "", speed = "1", ...capabilities] = process.argv;
const worker = new Worker({ address, agentId, slots: 1 }, { logger: silentLogger });
for (const capability of capabilities)
  worker.handle(capability, async ({ sizeMs }: { readonly sizeMs: number }) => {
    await sleep(sizeMs / Number(speed));
  });
await worker.start();
console.log("linked");
