import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testDurable } from "../testing/test-durable.ts";
import { durable } from "./durable.ts";

describe("a loop of a durable function", () => {
  const counter = (steps: number) =>
    durable("counter", async (ctx, { until }: { readonly until: number }) => {
      const rounds: number[] = [];
      const total = await ctx.loop(
        { round: 0, total: 0 },
        async ({ round, total }) => {
          rounds.push(round);
          const more = await ctx.run("count", () => round);
          if (round + 1 === until) return ctx.done(total + more);
          return { round: round + 1, total: total + more };
        },
        { steps },
      );
      return { total, rounds };
    });

  it("continues as a new run after its number of steps, with the state of the last round and the same input", async () => {
    const run = await testDurable(counter(10)).start({ input: { until: 25 } });
    assert.deepEqual(await run.result(), { total: 300, rounds: [20, 21, 22, 23, 24] });
    assert.equal(run.status, "continued as new");
  });

  it("remains one run if it has fewer steps", async () => {
    const run = await testDurable(counter(100)).start({ input: { until: 25 } });
    const { total, rounds } = (await run.result()) as { total: number; rounds: number[] };
    assert.deepEqual([total, rounds.length], [300, 25]);
  });

  it("waits for a quiet point: not while a task is open, or something waits to be compensated", async () => {
    const busy = durable("busy", async (ctx, { how }: { readonly how: string }) => {
      const rounds: number[] = [];
      return ctx.loop(
        0,
        async (round) => {
          rounds.push(round);
          if (how === "task" && round === 0) void ctx.sleep("1h", { id: "open" });
          if (how === "compensate" && round === 0) ctx.compensate("undo", () => {});
          await ctx.run("step", () => round);
          return round === 4 ? ctx.done(rounds) : round + 1;
        },
        { steps: 2 },
      );
    });
    for (const how of ["task", "compensate"])
      assert.deepEqual(await testDurable(busy).execute({ input: { how } }), [0, 1, 2, 3, 4], how);
    assert.deepEqual(await testDurable(busy).execute({ input: { how: "" } }), [4]);
  });

  it("passes unused signals to the next run", async () => {
    const inbox = durable("inbox", async (ctx) =>
      ctx.loop(
        [] as number[],
        async (received) => {
          const all = [...received, await ctx.signal<number>("number")];
          return all.length === 5 ? ctx.done(all) : all;
        },
        { steps: 1 },
      ),
    );
    const run = await testDurable(inbox).start();
    for (const number of [1, 2, 3, 4, 5]) run.signal("number", number);
    assert.deepEqual(await run.result(), [1, 2, 3, 4, 5]);
  });

  it("carries the values of `ctx.state`", async () => {
    const stateful = durable("stateful", async (ctx) =>
      ctx.loop(
        0,
        async (round) => {
          const before = ctx.state.get<number>("sum") ?? 0;
          await ctx.run("step", () => round);
          ctx.state.set("sum", before + round);
          return round === 5 ? ctx.done(ctx.state.get("sum")) : round + 1;
        },
        { steps: 2 },
      ),
    );
    assert.equal(await testDurable(stateful).execute(), 15);
  });

  it("is refused behind a step, and without a step in a round", async () => {
    const late = durable("late", async (ctx) => {
      await ctx.run("before", () => 1);
      return ctx.loop(0, async (round) => ctx.done(await ctx.run("step", () => round)));
    });
    const idle = durable("idle", (ctx) => ctx.loop(0, async (round) => round + 1));
    const first = await testDurable(late).start();
    assert.equal((await first.failure())?.code, "sdk.loop_not_first");
    const second = await testDurable(idle).start();
    assert.equal((await second.failure())?.code, "sdk.loop_without_step");
  });
});
