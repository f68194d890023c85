import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { systemDefer, systemTimers, type Timers } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import type { TaskContext } from "../task/context.ts";
import { TaskFailure } from "../task/failure.ts";
import { testDurable } from "../testing/test-durable.ts";
import { testWorkflow } from "../testing/workflow-test.ts";
import { type DurableHandleOptions, Worker } from "../worker/worker.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, definitionOf, durable } from "./durable.ts";
import { FunctionHost } from "./host.ts";
import type { TurnInput } from "./wire.ts";

interface Order {
  readonly total: number;
}

describe("a durable function", () => {
  it("is created by `durable`: a worker rejects a name", () => {
    assert.throws(
      () => new Worker().durable("order" as never, (() => "x") as never),
      /`durable`: expected a function of `durable\(name, code\)`, got string/,
    );
  });

  it("runs steps, calls, waits and signals, and returns its output", async () => {
    const order = durable("order", async (ctx, input: Order) => {
      const stock = await ctx.run("reserve", () => ({ items: input.total }));
      await ctx.sleep("2h");
      const approval = await ctx.signal<{ yes: boolean }>("approved", { within: "2d" });
      if (!approval.yes) return { status: "rejected" };
      const [paid, label] = await ctx.all([
        ctx.call<string>("pay.charge", { total: input.total }),
        ctx.call<string>("ship.label", stock),
      ]);
      return { status: "shipped", paid, label };
    });
    const test = testDurable(order, {
      handlers: { "pay.charge": () => "paid", "ship.label": (stock) => `label ${JSON.stringify(stock)}` },
    });
    const run = await test.start({ input: { total: 5 } });
    await run.skip("3h");
    run.signal("approved", { yes: true });
    assert.deepEqual(await run.result(), { status: "shipped", paid: "paid", label: 'label {"items":5}' });
  });

  it("waits for events, also for events posted before the wait", async () => {
    const order = durable("order", async (ctx, input: Order) => {
      const paid = await ctx.event<{ by: string }>("shop.paid", { if: `event.data.total == ${input.total}` });
      await ctx.sleep("1h");
      const sent = await ctx.event("shop.sent", { within: "2h", source: "/post" });
      return [paid.data.by, sent.id, sent.source];
    });
    const test = testDurable(order);
    const run = await test.start({ input: { total: 5 } });
    await run.skip("1m");
    await test.post("shop.paid", { total: 6, by: "ben" });
    await test.post("shop.paid", { total: 5, by: "ann" });
    await test.post("shop.sent", {}, { id: "s1" });
    await test.post("shop.sent", {}, { id: "s2", source: "/post" });
    assert.deepEqual(await run.result(), ["ann", "s2", "/post"]);
    const late = await test.start({ input: { total: 7 } });
    await test.post("shop.paid", { total: 7, by: "ann" });
    assert.equal((await late.failure())?.code, "workflow.event_missing");
  });

  it("retries a step, and fails with its error after the last attempt", async () => {
    let tries = 0;
    const flaky = durable("flaky", (ctx) =>
      ctx.run("load", () => {
        tries += 1;
        if (tries < 4) throw new Error("not yet");
        return tries;
      }),
    );
    const test = testDurable(flaky);
    const started = test.now.getTime();
    assert.equal(await test.execute(), 4);
    assert.ok(test.now.getTime() - started >= 5_000, "it waits 1 s, 2 s and 4 s, less the jitter");
    const broken = durable("broken", (ctx) =>
      ctx.run("load", () => Promise.reject(new Error("never")), { retry: { attempts: 2 } }),
    );
    await assert.rejects(testDurable(broken).execute(), /never/);
  });

  it("refuses a step without attempts", async () => {
    const order = durable("order", (ctx) => ctx.run("load", () => 1, { retry: { attempts: 0 } }));
    await assert.rejects(
      testDurable(order).execute(),
      /`retry\.attempts`: expected a whole number of at least 1/,
    );
  });

  it("fails permanently after one attempt if JSON cannot represent a result", async () => {
    for (const [value, found] of [
      [{ prices: new Map([["flute", 7]]) }, "a Map at output.prices"],
      [10n, "a bigint at output"],
    ] as const) {
      let tries = 0;
      const work = () => {
        tries++;
        return value;
      };
      const message = new RegExp(`The output of \`order\` is not JSON: ${found}. Return plain data`);
      await assert.rejects(testDurable(durable("order", (ctx) => ctx.run("order", work))).execute(), message);
      await assert.rejects(testDurable(durable("order", async () => value)).execute(), message);
      assert.equal(tries, 1);
    }
  });

  it("names the errors of all steps if none succeeds", async () => {
    const fail = (text: string) => () => Promise.reject(new Error(text));
    const order = durable("order", (ctx) =>
      ctx.any([ctx.run("a", fail("no stock"), { retry: 1 }), ctx.run("b", fail("no money"), { retry: 1 })]),
    );
    await assert.rejects(testDurable(order).execute(), /All promises were rejected: no stock; no money/);
  });

  it("does not end its process by a step that fails before the code waits for it", async () => {
    const unhandled: unknown[] = [];
    const record = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", record);
    const order = durable("order", async (ctx) => {
      const fail = (name: string) => ctx.run(name, () => Promise.reject(new Error(name)), { retry: 1 });
      fail("ignored");
      const [late, all] = [fail("late"), ctx.all([fail("first"), fail("second")])];
      await ctx.sleep("1h");
      return Promise.allSettled([late, all]).then((ends) => ends.map(({ status }) => status));
    });
    assert.deepEqual(await testDurable(order).execute(), ["rejected", "rejected"]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", record);
    assert.deepEqual(unhandled, []);
  });

  it("knows the error of a child that failed, also after a replay and in the error of its run", async () => {
    const pay = durable("pay", () => Promise.reject(new TaskFailure("pay.declined", "no money")));
    const causes: unknown[] = [];
    const shop = durable("shop", async (ctx) => {
      try {
        await ctx.child("pay");
      } catch (error) {
        const { code, cause } = error as TaskFailure;
        causes.push([code, (cause as TaskFailure).code, (cause as TaskFailure).message]);
        await ctx.sleep("1s");
        throw error;
      }
    });
    const play = (host: () => FunctionHost) => {
      const handler = (fn: unknown) => (input: unknown, task: TaskContext) =>
        host().turn(fn as DurableFunction, input as TurnInput, task);
      const handlers = { shop: handler(shop), pay: handler(pay) };
      return testWorkflow(shop.definition, { handlers, children: [pay.definition] });
    };
    const hot = new FunctionHost(ports);
    for (const host of [() => hot, () => new FunctionHost(ports)]) {
      const run = await play(host).start();
      const failure = await run.failure();
      assert.equal(failure?.code, "workflow.child_failed");
      assert.equal((failure?.cause as TaskFailure | undefined)?.code, "pay.declined");
    }
    assert.equal(causes.length, 3, "once by the hot worker, and twice by the others");
    for (const each of causes) assert.deepEqual(each, ["workflow.child_failed", "pay.declined", "no money"]);
  });

  it("receives the cause of an error that its step threw", async () => {
    const codes: unknown[] = [];
    const load = durable("load", async (ctx) => {
      const work = () => {
        throw new Error("no stock", { cause: new TaskFailure("shop.sold_out", "none left") });
      };
      await ctx.run("load", work, { retry: 1 }).catch((error) => codes.push(error.cause.code));
    });
    await testDurable(load).execute();
    assert.deepEqual(codes, ["shop.sold_out"]);
  });

  it("compensates in reverse order when it fails", async () => {
    const undone: string[] = [];
    const saga = durable("saga", async (ctx) => {
      await ctx.run("book", () => 1);
      ctx.compensate("unbook", () => void undone.push("book"));
      await ctx.run("pay", () => 1);
      ctx.compensate("refund", () => void undone.push("pay"));
      await ctx.run("ship", () => Promise.reject(new Error("no ship")), { retry: 1 });
    });
    await assert.rejects(testDurable(saga).execute(), /no ship/);
    assert.deepEqual(undone, ["pay", "book"]);
  });

  it("compensates when its run is cancelled, after its own cleaning up", async () => {
    const undone: string[] = [];
    let tries = 0;
    const saga = durable("saga", async (ctx) => {
      await ctx.run("book", () => 1);
      ctx.compensate("unbook", () => {
        tries += 1;
        if (tries < 3) throw new Error("not yet");
        undone.push("book");
      });
      ctx.compensate("refund", () => void undone.push("pay"));
      try {
        await ctx.sleep("1h");
      } finally {
        await ctx.run("clean", () => void undone.push("clean"));
        await assert.rejects(ctx.sleep("1h"), /is stopped/);
      }
    });
    const run = await testDurable(saga).start();
    await run.skip("1m");
    run.cancel("enough");
    await assert.rejects(run.result(), /enough/);
    assert.deepEqual(undone, ["clean", "pay", "book"]);
  });

  it("names a failed compensation, and ends a loop that catches every error", async () => {
    const stuck = durable("stuck", async (ctx) => {
      ctx.compensate("release", () => Promise.reject(new TaskFailure("shop.locked", "no", { final: true })));
      await ctx.sleep("1h");
    });
    const run = await testDurable(stuck).start();
    run.cancel("enough");
    await assert.rejects(run.result(), (error: TaskFailure) => {
      assert.equal(error.details["not_compensated"], "stuck");
      return true;
    });
    const endless = durable(
      "endless",
      async (ctx) => {
        ctx.compensate("release", () => {});
        for (;;) await ctx.sleep("1h").catch(() => {});
      },
      { retry: 1 },
    );
    const looping = await testDurable(endless).start();
    looping.cancel("enough");
    await assert.rejects(looping.result(), /enough/);
  });

  it("refuses a step inside of a step", async () => {
    const nested = durable("nested", (ctx) => ctx.run("outer", () => ctx.call("pay.charge"), { retry: 1 }));
    await assert.rejects(testDurable(nested).execute(), /`pay.charge` is inside of another step/);
  });

  it("races steps, and cancels the losing ones", async () => {
    const race = durable("race", (ctx) =>
      ctx.race([ctx.sleep("1h").then(() => "late"), ctx.signal<string>("go")]),
    );
    const run = await testDurable(race).start();
    await run.skip("1m");
    run.signal("go", "in time");
    assert.equal(await run.result(), "in time");
    assert.equal(await testDurable(race).execute(), "late");
  });

  it("returns the same random values and times in every replay", async () => {
    const values: unknown[] = [];
    const draws = durable("draws", async (ctx) => {
      values.push([ctx.uuid(), ctx.random(), ctx.now().getTime()]);
      await ctx.sleep("1s");
      return ctx.now().getTime();
    });
    await testDurable(draws).execute();
    await testDurable(draws).execute();
    assert.deepEqual(values[0], values[1]);
  });

  it("takes several turns for a long loop", async () => {
    const long = durable("long", async (ctx) => {
      let sum = 0;
      for (let round = 0; round < 1_200; round++) sum += await ctx.run("round", () => 1);
      return sum;
    });
    const run = await testDurable(long).start();
    assert.equal(await run.result(), 1_200);
    assert.equal(run.events.filter(({ type }) => type === "function_turned").length, 2);
  });

  it("names the line that waits for a promise that is no step", async () => {
    const foreign = durable(
      "foreign",
      async (ctx) => {
        await ctx.run("first", () => 1);
        await new Promise(() => {});
      },
      { retry: 1 },
    );
    await assert.rejects(
      testDurable(foreign).execute(),
      /functions\.test\.ts:\d+.*ctx\.run|no step, after .*functions\.test\.ts:\d+/,
    );
  });
});

const ports = { timers: systemTimers, defer: systemDefer };

/** Ten awaits of every kind. */
async function ten(ctx: FunctionContext, effects: string[]) {
  const a = await ctx.run("a", () => note(effects, "a", 1));
  await ctx.sleep("1s");
  const b = await ctx.call<number>("test.b", { a });
  const [c, d] = await ctx.all([ctx.run("c", () => note(effects, "c", 3)), ctx.call<number>("test.d", 4)]);
  ctx.state.set("phase", "middle");
  for (let round = 0; round < 3; round++)
    await ctx.run("round", () => note(effects, `round ${round}`, round));
  const signal = await ctx.signal<number>("go");
  await ctx.until(new Date(ctx.now().getTime() + 1_000));
  return { a, b, c, d, signal, phase: ctx.state.get("phase"), key: ctx.uuid() };
}

function note<T>(effects: string[], name: string, value: T): T {
  effects.push(name);
  return value;
}

describe("a durable function that its worker has passivated", () => {
  it("returns the same result after passivation in any turn", async () => {
    const play = async (forgotten: number) => {
      const effects: string[] = [];
      let turns = 0;
      const fn = durable("ten", (ctx) => ten(ctx, effects));
      let host = new FunctionHost(ports);
      const test = testWorkflow(fn.definition, {
        handlers: {
          "test.b": (input) => (input as { a: number }).a + 1,
          "test.d": (input) => input,
          ten(input, task) {
            turns += 1;
            if (turns === forgotten || forgotten < 0) host = new FunctionHost(ports);
            return host.turn(fn as unknown as DurableFunction, input as TurnInput, task);
          },
        },
      });
      const run = await test.start();
      await run.skip("1m");
      run.signal("go", 7);
      return { output: await run.result(), effects, turns };
    };
    const uninterrupted = await play(0);
    assert.ok(uninterrupted.turns >= 6, `it takes several turns, got ${uninterrupted.turns}`);
    for (let forgotten = -1; forgotten <= uninterrupted.turns; forgotten++) {
      const { output, effects } = await play(forgotten);
      assert.deepEqual(output, uninterrupted.output, `forgotten before turn ${forgotten}`);
      assert.deepEqual(effects, uninterrupted.effects, "no step is done twice");
    }
  });
});

/** A context with other values for some of its properties. */
function contextWith(task: TaskContext, values: Readonly<Record<string, () => unknown>>): TaskContext {
  return new Proxy(task, {
    get(_, name) {
      const own = values[String(name)];
      if (own !== undefined) return own();
      const value = Reflect.get(task, name, task);
      return typeof value === "function" ? value.bind(task) : value;
    },
  });
}

describe("a function between turns", () => {
  it("stops after its attempt was aborted: another worker continues it", async () => {
    const effects: string[] = [];
    const paying = Promise.withResolvers<void>();
    const ending = new AbortController();
    const fn = durable("order", async (ctx) => {
      await ctx.run("reserve", () => void effects.push("reserve"));
      ctx.compensate("release", () => void effects.push("release"));
      const aborted = Promise.withResolvers<void>();
      ending.signal.addEventListener("abort", () => aborted.reject(new Error("aborted")));
      const pay = () => {
        paying.resolve();
        return aborted.promise;
      };
      await ctx.run("pay", pay, { retry: 1 }).catch(() => {});
      await ctx.run("ship", () => void effects.push("ship"));
    }) as DurableFunction;
    const host = new FunctionHost({ defer: systemDefer, timers: systemTimers });
    const turn = Promise.withResolvers<unknown>();
    const handlers = {
      order(input: unknown, task: TaskContext) {
        turn.resolve(host.turn(fn, input as TurnInput, contextWith(task, { signal: () => ending.signal })));
        return new Promise(() => {});
      },
    };
    void testWorkflow(fn.definition, { handlers }).start();
    await paying.promise;
    ending.abort(new Error("lease lost"));
    await assert.rejects(turn.promise, /lease lost/);
    await setTimeout(20);
    assert.deepEqual(effects, ["reserve"]);
  });

  it("is replayed if its code requested a step between two turns", async () => {
    const effects: string[] = [];
    const outside = Promise.withResolvers<void>();
    const fn = durable("order", async (ctx) => {
      const waits = ctx.sleep("1h");
      await ctx.race([waits, outside.promise]);
      await ctx.run("note", () => void effects.push("note"));
      await waits;
      return "done";
    }) as DurableFunction;
    const host = new FunctionHost({ defer: systemDefer, timers: systemTimers });
    const handlers = {
      order: (input: unknown, task: TaskContext) => host.turn(fn, input as TurnInput, task),
    };
    const run = await testWorkflow(fn.definition, { handlers }).start();
    await run.skip("1m");
    outside.resolve();
    await setTimeout(20);
    assert.deepEqual(effects, [], "no turn records it");
    await run.skip("1h");
    assert.equal(await run.result(), "done");
    assert.deepEqual(effects, ["note"]);
  });
});

describe("a function that waits for a promise that is no step", () => {
  const soon: Timers = { ...systemTimers, after: (_ms, run) => systemTimers.after(5, run) };

  it("fails its turn: the first error names the step before, later errors name the waiting line", async () => {
    const never = () => new Promise<void>(() => {});
    const code = async (ctx: FunctionContext) => {
      await ctx.run("first", () => 1);
      await ctx.sleep("1s");
      await never();
    };
    const fn = durable("order", code, { retry: { attempts: 3 } }) as DurableFunction;
    const host = new FunctionHost({ defer: systemDefer, timers: soon });
    const messages: string[] = [];
    const handlers = {
      order: (input: unknown, task: TaskContext) =>
        host.turn(fn, input as TurnInput, task).catch((error: Error) => {
          messages.push(error.message);
          throw error;
        }),
    };
    const run = await testWorkflow(fn.definition, { handlers }).start();
    assert.equal((await run.failure())?.code, "sdk.function_awaits_foreign");
    const [step, ...others] = messages;
    assert.match(step ?? "", /`order` waits for something that is no step, after \S*functions\.test\.ts:\d+/);
    const lineOf = (text = "") => Number(/functions\.test\.ts:(\d+)/.exec(text)?.[1]);
    assert.equal(others.length, 2);
    for (const text of others) {
      assert.match(text, /is no step, at \S*functions\.test\.ts:\d+/);
      assert.equal(lineOf(text), lineOf(step) + 1, "the line behind the last step");
    }
  });

  it("is named in the log when it was fast", async () => {
    const outside = Promise.withResolvers<void>();
    const fn = durable("order", async (ctx) => {
      await ctx.run("first", () => 1);
      await outside.promise;
      return ctx.run("second", () => 2);
    }) as DurableFunction;
    const logger = recordingLogger();
    const host = new FunctionHost({ defer: systemDefer, timers: systemTimers });
    let elapsedMs = 0;
    const handlers = {
      order(input: unknown, task: TaskContext) {
        const context = contextWith(task, { elapsedMs: () => elapsedMs });
        return host.turn(fn, input as TurnInput, context);
      },
    };
    const run = await testWorkflow(fn.definition, { handlers, logger }).start();
    await setTimeout(20);
    elapsedMs = 20;
    outside.resolve();
    assert.equal(await run.result(), 2);
    const [line] = logger.lines.filter(({ message }) => /is not a step/.test(message));
    assert.equal(line?.fields?.["function"], "order");
    assert.match(String(line?.fields?.["after"]), /functions\.test\.ts:\d+/);
  });
});

describe("an error that the code of a function throws", () => {
  const loggedOf = async (code: () => never) => {
    const fn = durable("order", async (ctx) => {
      await ctx.run("first", () => 1);
      code();
    }) as DurableFunction;
    const logger = recordingLogger();
    const host = new FunctionHost({ defer: systemDefer, timers: systemTimers });
    const handlers = {
      order: (input: unknown, task: TaskContext) => host.turn(fn, input as TurnInput, task),
    };
    const run = await testWorkflow(fn.definition, { handlers, logger }).start();
    await assert.rejects(run.result());
    return logger.lines
      .filter(({ message }) => message === "function failed")
      .map(({ fields }) => fields?.["error"]);
  };

  it("is logged by its worker, once", async () => {
    const error = new TypeError("no shelf");
    const thrown = () => {
      throw error;
    };
    assert.deepEqual(await loggedOf(thrown), [error]);
  });

  it("is not logged if it is a result", async () => {
    const thrown = () => {
      throw new TaskFailure("shop.sold_out", "sold out", { final: true });
    };
    assert.deepEqual(await loggedOf(thrown), []);
  });
});

describe("a worker of a version of a function", () => {
  it("has the task done by that version alone", () => {
    const fn = durable("order", () => 1) as DurableFunction;
    const task = (version: string | undefined) =>
      definitionOf({ fn, version, percent: 100 }).tasks?.["order"];
    assert.deepEqual(task("2.0.0"), { ...task(undefined), function: "order@2.0.0" });
    assert.equal(task(undefined)?.function, "order");
  });

  it("rejects invalid versions and percentages", () => {
    const fn = durable("order", () => 1);
    const refused = (options: DurableHandleOptions, message: RegExp) =>
      assert.throws(() => new Worker().durable(fn, options), message);
    refused({ version: "1.0.0+build" }, /`version`: expected a version without `\+`/);
    refused({ percent: 10 }, /`version`: expected the version that `percent` is for/);
    refused({ version: "1.0.0", percent: 101 }, /`percent`: expected a whole number from 0 to 100, got 101/);
  });

  it("does not continue a run in memory with the code of another version", async () => {
    const host = new FunctionHost({ defer: systemDefer, timers: systemTimers });
    const codeOf = (version: string) =>
      durable("order", async (ctx) => {
        await ctx.sleep("1h");
        return version;
      }) as DurableFunction;
    const [one, two] = [codeOf("1"), codeOf("2")];
    let current = one;
    const test = testWorkflow(one.definition, {
      handlers: { order: (input, task) => host.turn(current, input as TurnInput, task) },
    });
    const run = await test.start();
    current = two;
    await run.skip("1h");
    assert.equal(await run.result(), "2");
  });
});
