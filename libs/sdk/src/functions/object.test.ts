import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskFailure } from "../task/failure.ts";
import { testDurable } from "../testing/test-durable.ts";
import { durable } from "./durable.ts";
import { object, reader } from "./object.ts";

const cart = object("cart", {
  async add(ctx, item: string) {
    const items = ctx.state.get<string[]>("items") ?? [];
    await ctx.call("stock.reserve", item);
    ctx.state.set("items", [...items, item]);
    return items.length + 1;
  },
  show: reader((ctx) => ctx.state.get<string[]>("items") ?? []),
  empty(ctx) {
    ctx.state.set("items", undefined);
    return ctx.key;
  },
  fail(ctx) {
    ctx.state.set("failed", true);
    throw new TaskFailure("cart.closed", "the cart is closed", { final: true });
  },
  again: (ctx, key: string): Promise<unknown> => ctx.object("cart", key)["show"]?.() ?? Promise.resolve(0),
  write: reader((ctx) => ctx.state.set("items", [])),
});

const handlers = { "stock.reserve": () => "ok" };
const call = (name: string, input?: unknown, key = "ann") => ({ input: { key, call: name, input } });

describe("ctx.emit", () => {
  it("publishes an event that another function waits for, and that the test sees", async () => {
    const pay = durable("pay", async (ctx, order: number) => {
      await ctx.emit("shop.paid", { order });
      return order;
    });
    const both = durable("both", async (ctx) => {
      const [event] = await ctx.all([ctx.event<{ order: number }>("shop.paid"), ctx.child("pay", 7)]);
      return event.data.order;
    });
    const test = testDurable(both, { functions: [pay] });
    assert.equal(await test.execute(), 7);
    const [event] = test.emitted;
    assert.deepEqual([event?.type, event?.data, test.emitted.length], ["shop.paid", { order: 7 }, 1]);
  });

  it("fails with an event that is none", async () => {
    const test = testDurable(durable("none", (ctx) => ctx.call("tutti.emit", { data: 1 })));
    assert.equal((await (await test.start()).failure())?.code, "event.event_invalid");
  });
});

describe("a keyed object", () => {
  it("runs one call per key at a time, and each call sees the values of the call before", async () => {
    const test = testDurable(cart, { handlers: { "stock.reserve": () => "ok" } });
    const runs = await Promise.all(["book", "pen", "ink"].map((item) => test.start(call("add", item))));
    const other = await test.start(call("add", "book", "bob"));
    assert.deepEqual(await Promise.all(runs.map((run) => run.result())), [1, 2, 3]);
    assert.equal(await other.result(), 1);
    assert.deepEqual(await test.execute(call("show")), ["book", "pen", "ink"]);
  });

  it("runs readers in parallel with a call, on the committed values", async () => {
    const slow = object("slow", {
      async set(ctx, value: number) {
        ctx.state.set("value", value);
        await ctx.sleep("1h");
        ctx.state.set("value", value + 1);
      },
      get: reader((ctx) => ctx.state.get("value") ?? 0),
    });
    const test = testDurable(slow);
    const writes = await test.start({ input: { key: "k", call: "set", input: 1 } });
    const get = { input: { key: "k", call: "get" } };
    assert.equal(await test.execute(get), 1);
    await writes.skip("2h");
    assert.equal(await test.execute(get), 2);
  });

  it("returns the failure of a call, and continues with the next call", async () => {
    const test = testDurable(cart, { handlers });
    const failed = await test.start(call("fail"));
    const next = await test.start(call("empty"));
    assert.equal((await failed.failure())?.code, "cart.closed");
    assert.equal(await next.result(), "ann");
  });

  it("is called by functions, which get its result or its failure", async () => {
    const order = durable("order", async (ctx, items: readonly string[]) => {
      const mine = ctx.object(cart, "ann");
      const counts = await ctx.all(items.map((item) => mine.add(item)));
      const shown: readonly string[] = await mine.show();
      const failure = await mine.fail().catch((error: { cause?: { code?: string } }) => error.cause?.code);
      return { counts, shown, failure };
    });
    const test = testDurable(order, { handlers, functions: [cart] });
    assert.deepEqual(await test.execute({ input: ["book", "pen"] }), {
      ...{ counts: [1, 2], shown: ["book", "pen"], failure: "cart.closed" },
    });
  });

  it("rejects a call of itself, a reader that sets values, and invalid names of calls", async () => {
    const test = testDurable(cart, { handlers });
    const self = await test.start(call("again", "ann"));
    assert.equal((await self.failure())?.code, "sdk.object_calls_itself");
    assert.deepEqual(await test.execute(call("again", "bob")), []);
    const written = await test.start(call("write"));
    assert.equal((await written.failure())?.code, "sdk.object_read_only");
    assert.throws(() => object("cart", {}), /has no calls/);
    assert.throws(() => object("cart", { "a-b": () => 1 }), /no name of a call/);
  });
});
