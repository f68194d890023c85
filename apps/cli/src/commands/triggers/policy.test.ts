import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trigger } from "@tutti/rest/types";
import { Values } from "../../command/values.ts";
import { policyFacts } from "./policy.ts";
import { policyFromOptions } from "./write.ts";

describe("the rules of a trigger in `trigger show`", () => {
  const factsOf = (trigger: Partial<Trigger>) =>
    policyFacts({ triggerId: "orders", ...trigger } as Trigger, "http://h:7400").filter(
      ([, text]) => text !== "",
    );

  it("are empty if all are defaults", () => {
    assert.deepEqual(factsOf({ source: { event: { type: "shop.created" } } }), []);
  });

  it("have the address that a webhook is sent to, and its secrets", () => {
    assert.deepEqual(factsOf({ namespace: "team", source: { webhook: { secrets: ["a", "b"] } } }), [
      ["address", "POST http://h:7400/v1/webhooks/team/orders"],
      ["secrets", "a, b"],
    ]);
  });

  it("show when runs start, with defaults for the other rules", () => {
    const policy = { group: "event.data.id", debounceMs: 2_000, batchSize: 100, throttleCount: 10 };
    assert.deepEqual(
      factsOf({ windowMs: 3_600_000, policy: { ...policy, singleton: "queue", signal: "more" } }),
      [
        ["window", "1 h"],
        ["group", "event.data.id"],
        ["debounce", "2 s, at most 20 s"],
        ["batch", "100 events, or 1 s"],
        ["throttle", "10 runs in 1 s"],
        ["singleton", "queue"],
        ["signal", "more"],
      ],
    );
  });
});

describe("the rules of a trigger from options", () => {
  const policyOf = (options: Readonly<Record<string, string>>) =>
    policyFromOptions({
      values: new Values(new Map(), new Map(Object.entries(options).map(([name, text]) => [name, [text]]))),
    });

  it("are those of a file", () => {
    const policy = { batchSize: 2, batchWaitMs: 5_000, throttleCount: 1, throttlePerMs: 60_000 };
    assert.deepEqual(policyOf({ batch: "2", "batch-wait": "5s", throttle: "1", per: "1m" }), policy);
  });

  for (const [options, pattern] of [
    [{ batch: "0" }, /--batch: expected at least 2, got 0/],
    [{ throttle: "0" }, /--throttle: expected at least 1, got 0/],
    [{ "batch-wait": "5s" }, /Pass --batch N with --batch-wait/],
    [{ per: "5s" }, /Pass --throttle N with --per/],
  ] as const)
    it(`are refused if they have no effect: ${JSON.stringify(options)}`, () =>
      assert.throws(() => policyOf(options), pattern));
});
