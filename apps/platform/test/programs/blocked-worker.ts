/** A worker whose function never yields to the event loop: `blocked-worker.ts ADDRESS SERVER`. */
import { silentLogger } from "@tutti/kernel";
import { durable, Worker } from "@tutti/sdk";

const [, , address = "", server = ""] = process.argv;
const blocked = durable("blocked", async (ctx, input: { readonly isEndless: boolean }) => {
  await ctx.run("first", () => 1);
  while (input.isEndless);
  return "done";
});
const patient = durable("patient", async (ctx) => {
  await ctx.signal("continue");
  return ctx.call<string>("echo", "patient");
});
const worker = new Worker({ address, server }, { logger: silentLogger, blockMs: 1_500 });
worker.durable(blocked);
worker.durable(patient);
worker.handle("echo", (text: string) => text);
await worker.run();
