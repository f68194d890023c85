/** The worker of durable functions: `worker-process.ts ADDRESS SERVER`. Prints `linked` when they can be started. */
import { silentLogger } from "@tutti/kernel";
import { durable, Worker } from "@tutti/sdk/worker";

const [, , address = "", server = ""] = process.argv;
const worker = new Worker({ address, server, slots: 1_000 }, { logger: silentLogger });
worker.durable(
  durable("steps", async (ctx) => {
    let sum = 0;
    for (let n = 0; n < 5; n++) sum += await ctx.run(`s${n}`, () => n);
    return sum;
  }),
);
worker.durable(
  durable("loop", async (ctx, { rounds }: { readonly rounds: number }) => {
    const tookMs: number[] = [];
    let beganMs = performance.now();
    for (let round = 1; round <= rounds; round++) {
      await ctx.run("round", () => round);
      if (round % 1_000 !== 0) continue;
      const nowMs = performance.now();
      tookMs.push(nowMs - beganMs);
      beganMs = nowMs;
    }
    return tookMs;
  }),
);
await worker.start();
console.log("linked");
