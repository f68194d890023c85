/** A worker as a scaler starts it: it takes a moment for each task, and crashes on command. */
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "@tutti/sdk";

const worker = new Worker({ slots: 2 });
worker.handle<{ readonly ms?: number; readonly crash?: boolean }>("test.echo", async (input) => {
  if (input.crash === true) process.exit(7);
  await wait(input.ms ?? 5);
  return input;
});
worker.handle("test.who", () => ({ pid: process.pid }));
console.log("a worker begins");
await worker.run();
