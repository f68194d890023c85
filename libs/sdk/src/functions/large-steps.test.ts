import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemDefer, systemTimers } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import { testDurable } from "../testing/test-durable.ts";
import { testWorkflow } from "../testing/workflow-test.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, durable } from "./durable.ts";
import { FunctionHost } from "./host.ts";
import type { TurnInput, TurnOutput } from "./wire.ts";

const ports = { timers: systemTimers, defer: systemDefer };
const large = "x".repeat(2_000_000);

/** Plays a function. A cold one is replayed at each turn. */
async function played(code: (ctx: FunctionContext) => Promise<unknown>, isCold: boolean) {
  const fn = durable("order", code) as DurableFunction;
  const turns: TurnOutput[] = [];
  const hot = new FunctionHost(ports);
  const handlers = {
    order: async (input: unknown, task: TaskContext) => {
      const turn = await (isCold ? new FunctionHost(ports) : hot).turn(fn, input as TurnInput, task);
      turns.push(turn);
      return turn;
    },
    "big.make": () => large,
  };
  const run = await testWorkflow(fn.definition, { handlers }).start();
  await run.skip("2h");
  return { output: await run.result(), turns, lengths: turns.map((turn) => JSON.stringify(turn).length) };
}

describe("large results of a durable function", () => {
  for (const isCold of [false, true])
    it(`are in the blob store, for a worker that ${isCold ? "replays" : "continues"}`, async () => {
      const code = async (ctx: FunctionContext) => {
        const first = await ctx.run("first", () => ({ text: large }));
        const others = await ctx.all([ctx.run("second", () => large), ctx.call<string>("big.make")]);
        await ctx.sleep("1h");
        return [first.text.length, ...others.map((each) => each.length)];
      };
      const { output, lengths, turns } = await played(code, isCold);
      assert.deepEqual(output, [large.length, large.length, large.length]);
      assert.ok(Math.max(...lengths) < 10_000, String(lengths));
      const steps = turns.flatMap((turn) => turn.steps).filter((entry) => "step" in entry);
      assert.deepEqual(
        steps.map((entry) => Object.keys(entry.output as object)),
        [["$blob"], ["$blob"]],
      );
    });

  it("store a file of a step with its media type", async () => {
    const code = async (ctx: FunctionContext) => {
      const file = await ctx.file("film", () => Buffer.from("film"), { mediaType: "video/mp4" });
      await ctx.sleep("1h");
      return file;
    };
    const { output } = await played(code, true);
    assert.equal((output as { readonly mediaType: string }).mediaType, "video/mp4");
  });

  it("are inputs of calls and children too, unasked", async () => {
    const kid = durable("kid", async (_, input: { readonly text: string }) => input.text.length);
    const parent = durable("parent", async (ctx) =>
      ctx.all([
        ctx.call<number>("big.count", large),
        ctx.child<number>("kid", { text: large }),
        ...Array.from({ length: 50 }, () => ctx.call<number>("big.count", "x".repeat(30_000))),
      ]),
    );
    const handlers = { "big.count": (text: string) => text.length };
    const run = await testDurable(parent, { handlers, functions: [kid] }).start();
    assert.deepEqual(await run.result(), [large.length, large.length, ...Array(50).fill(30_000)]);
    assert.ok(JSON.stringify(run.history).length < 200_000);
  });

  it("keep small results inline", async () => {
    const { turns } = await played((ctx) => ctx.run("small", () => "x".repeat(60_000)), false);
    const [entry] = turns.flatMap((turn) => turn.steps);
    assert.equal((entry as { readonly output: string }).output.length, 60_000);
  });

  it("name the value or task that is too large", async () => {
    const code = async (ctx: FunctionContext) => {
      await ctx.state.set("all", large);
    };
    await assert.rejects(played(code, false), /largest is state `all`.*ctx\.file/s);
  });
});
