import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trigger } from "@tutti/rest/types";
import { policyFacts } from "./policy.ts";

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
