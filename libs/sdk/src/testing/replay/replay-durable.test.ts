import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FunctionContext } from "../../functions/context.ts";
import { durable } from "../../functions/durable.ts";
import { testDurable } from "../test-durable.ts";
import { replayDurable } from "./replay-durable.ts";

const effects: string[] = [];

const recorded = durable("order", async (ctx, { total }: { readonly total: number }) => {
  const stock = await ctx.run("reserve", () => total);
  await ctx.sleep("1h");
  const paid = await ctx.call("pay.charge", stock);
  return { stock, paid };
});

const changed = (code: (ctx: FunctionContext) => Promise<unknown>) => durable("order", code);
const handlers = { "pay.charge": () => "paid" };

async function historyOf(skip: boolean) {
  const run = await testDurable(recorded, { handlers }).start({ input: { total: 5 } });
  if (skip) await run.result();
  return run.history;
}

describe("replayDurable", () => {
  it("reports that the code has not changed its decisions, and runs none of its effects", async () => {
    const history = await historyOf(true);
    const same = changed(async (ctx) => {
      const stock = await ctx.run("reserve", () => effects.push("reserve"));
      await ctx.sleep("1h");
      return { stock, paid: await ctx.call("pay.charge", stock) };
    });
    const { differs, message } = await replayDurable(same, history);
    assert.deepEqual([differs, effects], [false, []], message);
    assert.equal((await replayDurable(same, await historyOf(false))).differs, false);
  });

  it("names the first step that differs, with both lines", async () => {
    const other = changed(async (ctx) => {
      await ctx.run("reserve", () => effects.push("reserve"));
      await ctx.run("check", () => effects.push("check"));
    });
    const found = await replayDurable(other, await historyOf(true));
    assert.equal(found.differs, true);
    assert.match(found.history, /`sleep` at .*replay-durable\.test\.ts:\d+/);
    assert.match(found.code, /step `check` at .*replay-durable\.test\.ts:\d+/);
    assert.deepEqual([found.same, effects], [1, []]);
  });

  it("does the same if the code sets its state right before its end", async () => {
    const setting = changed(async (ctx) => {
      await ctx.run("reserve", () => 1);
      ctx.state.set("stage", "reserved");
      return "done";
    });
    const run = await testDurable(setting).start({ input: {} });
    assert.equal(await run.result(), "done");
    const { message } = await replayDurable(setting, run.history);
    assert.equal(message, "the changed code does the same: 2 entries of the journal");
  });

  it("names a step behind the end, and an end before it", async () => {
    const longer = changed(async (ctx) => {
      await ctx.run("reserve", () => 1);
      await ctx.sleep("1h");
      await ctx.call("pay.charge", 5);
      await ctx.run("thank", () => effects.push("thank"));
    });
    const found = await replayDurable(longer, await historyOf(true));
    assert.deepEqual([found.history, found.code.split(" at ")[0]], ["its end", "step `thank`"]);
    const shorter = changed(async (ctx) => void (await ctx.run("reserve", () => 1)));
    assert.match((await replayDurable(shorter, await historyOf(true))).message, /code has it had ended/);
    assert.deepEqual(effects, []);
  });
});
