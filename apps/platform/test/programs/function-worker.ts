/** A worker with a durable function that logs its position: `function-worker.ts ADDRESS SERVER AGENT`. */
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { durable, object, reader, Worker } from "@tutti/sdk";

const [, , address = "", server = "", agentId = ""] = process.argv;
const stepMs = 150;

/** Logs that the code has reached a position, and pauses, so that a test can kill it there. */
async function at(place: string): Promise<string> {
  console.log(`at ${place}`);
  await pause(stepMs);
  return place;
}

const trip = durable("trip", async (ctx, { rounds }: { readonly rounds: number }) => {
  const key = ctx.uuid();
  const first = await ctx.run("first", () => at("first"));
  const loaded = await ctx.call<string>("test.load", { key });
  const [left, right] = await ctx.all([
    ctx.run("left", () => at("left")),
    ctx.call<string>("test.load", { key: "right" }),
  ]);
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    await ctx.run("round", () => at(`round ${round}`));
    await ctx.sleep("50ms");
    done += 1;
  }
  return { key, first, loaded, left, right, done };
});

const saga = durable("saga", async (ctx) => {
  await ctx.run("book", () => 1);
  ctx.compensate("unbook", () => console.log("undo book"));
  ctx.compensate("undo slow", async () => {
    console.log("undo slow");
    // During this pause the worker sends earlier results.
    await pause(6 * stepMs);
    console.log("slow sent");
    await pause(6 * stepMs);
  });
  ctx.compensate("refund", () => console.log("undo pay"));
  console.log("at wait");
  await ctx.sleep("1h");
});

const tally = object("tally", {
  async add(ctx, count: number) {
    const before = ctx.state.get<number>("sum") ?? 0;
    await ctx.run("think", () => at(`thought of ${count}`));
    ctx.state.set("sum", before + count);
    await ctx.sleep("20ms");
    const counted = await ctx.run("count", () => at(`count of ${count}`));
    ctx.state.set("calls", [...(ctx.state.get<number[]>("calls") ?? []), count]);
    return counted;
  },
  sum: reader((ctx) => ctx.state.get<number>("sum") ?? 0),
});

const worker = new Worker({ address, server, agentId }, { logger: silentLogger });
worker.durable(trip);
worker.durable(saga);
worker.durable(tally);
worker.handle("test.load", async ({ key }: { readonly key: string }) => `loaded ${key}`);
await worker.run();
