import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testDurable } from "../testing/test-durable.ts";
import type { FunctionContext } from "./context.ts";
import { durable } from "./durable.ts";

// As a program without types passes them.
const untyped = (value: unknown): never => value as never;

type Step = (ctx: FunctionContext) => Promise<unknown>;

async function refusalOf(step: Step): Promise<string> {
  const run = await testDurable(durable("order", step)).start();
  return await run.result().then(
    () => "no error",
    (error: unknown) => String(error),
  );
}

describe("the options of a step", () => {
  const names: readonly (readonly [step: Step, message: string])[] = [
    [
      (ctx) => ctx.run("pay", () => 1, untyped({ retyr: 3 })),
      "`ctx.run` has no option `retyr`. Did you mean `retry`",
    ],
    [
      (ctx) => ctx.run("pay", () => 1, untyped({ retry: { atempts: 3 } })),
      "`ctx.run.retry` has no option `atempts`. Did you mean `attempts`",
    ],
    [
      (ctx) => ctx.call("pay.charge", 1, untyped({ timout: "5s" })),
      "`ctx.call` has no option `timout`. Did you mean `timeout`",
    ],
    [
      (ctx) => ctx.child("ship", 1, untyped({ labls: {} })),
      "`ctx.child` has no option `labls`. Did you mean `labels`",
    ],
    [
      (ctx) => ctx.signal("paid", untyped({ witin: "1h" })),
      "`ctx.signal` has no option `witin`. Did you mean `within`",
    ],
    [
      (ctx) => ctx.approve(untyped({ titel: "Pay?" })),
      "`ctx.approve` has no option `titel`. Did you mean `title`",
    ],
  ];
  for (const [step, message] of names)
    it(`have known names: ${message}`, async () => assert.ok((await refusalOf(step)).includes(message)));

  const values: readonly (readonly [step: Step, message: string])[] = [
    [
      (ctx) => ctx.run("pay", () => 1, untyped({ retry: { attempts: "five" } })),
      '`retry.attempts`: expected a whole number of at least 1, the first attempt included, got "five"',
    ],
    [
      (ctx) => ctx.run("pay", () => 1, untyped({ retry: { backoff: "soon" } })),
      '`retry.backoff`: expected a duration such as 1s, or two such as 1s..1m, got "soon"',
    ],
    [
      (ctx) => ctx.signal("paid", { within: "2 days" }),
      '`within`: expected a duration such as 30s or 1h30m, got "2 days"',
    ],
    [
      (ctx) => ctx.event("paid", untyped({ within: 5 })),
      "`within`: expected a duration such as 30s or 1h30m, got 5",
    ],
    [
      (ctx) => ctx.sleep(untyped(30)),
      "The duration of ctx.sleep: expected a duration such as 30s or 1h30m, got 30",
    ],
    [
      (ctx) => ctx.child("ship", 1, untyped({ parentClose: "stop" })),
      "`parentClose`: expected one of cancel",
    ],
    [
      (ctx) => ctx.call("pay.charge", 1, untyped({ limits: [{ key: "a", concurrency: "2" }] })),
      '`limits[0].concurrency`: expected a whole number from 0, got "2"',
    ],
  ];
  for (const [step, message] of values)
    it(`have correct values: ${message}`, async () => {
      const refusal = await refusalOf(step);
      assert.ok(refusal.includes(message), refusal);
    });

  it("of a task may be expressions where a definition has them", async () => {
    const refusal = await refusalOf((ctx) =>
      ctx.race([ctx.signal("paid", { within: "${{ input.wait }}" }), Promise.resolve(1)]),
    );
    assert.doesNotMatch(refusal, /expected/);
  });
});

describe("the options of a durable function", () => {
  it("are refused with a wrong value", () => {
    const made = (options: object) => () => durable("order", () => 1, untyped(options));
    assert.throws(made({ timeout: 30 }), /`timeout`: expected a duration such as 30s or 1h30m, got 30/);
    assert.throws(made({ retry: { exhausted: "stop" } }), /`retry.exhausted`: expected one of fail, pause/);
  });
});
