/** Ten agents in a process of their own: `node crowd.ts ADDRESS`. Prints `ready` when all are linked. */
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";

const [address = ""] = process.argv.slice(2);
const workers = Array.from({ length: 10 }, (_, number) => {
  const worker = new Worker(
    { address, agentId: `visitor-${number}`, slots: 4, handleSignals: false },
    { logger: silentLogger },
  );
  worker.handle(`crowd.c${number % 5}`, async (input) => input);
  return worker;
});
await Promise.all(workers.map((worker) => worker.start()));
console.log("ready");
