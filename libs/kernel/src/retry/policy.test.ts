import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AssertionFault } from "../errors/assertion.ts";
import {
  type RetryPolicy,
  type RetrySettings,
  resolveRetry,
  retryContradiction,
  retryFromMessage,
  retryMessage,
} from "./policy.ts";

const whole: RetryPolicy = {
  ...{ maxAttempts: 5, initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 },
  ...{ retryOn: [], failOn: [], pauseWhenExhausted: false },
};

describe("a retry policy", () => {
  const rows: readonly (readonly [title: string, settings: RetrySettings | undefined, RetryPolicy])[] = [
    ["that is not set has every default", undefined, whole],
    ["without fields has every default", {}, whole],
    ["with a number of attempts pauses by default", { maxAttempts: 9 }, { ...whole, maxAttempts: 9 }],
    [
      "with one attempt has no pause",
      { maxAttempts: 1, initialMs: 5 },
      { ...whole, maxAttempts: 1, initialMs: 0 },
    ],
    [
      "keeps what is set",
      { initialMs: 5, factor: 1, jitter: 0 },
      { ...whole, initialMs: 5, factor: 1, jitter: 0 },
    ],
    [
      "has no first pause beyond its longest one",
      { initialMs: 600_000 },
      { ...whole, initialMs: 600_000, maxMs: 600_000 },
    ],
    ["takes undefined as not set", { maxAttempts: undefined, retryOn: ["a"] }, { ...whole, retryOn: ["a"] }],
  ];
  for (const [title, settings, policy] of rows)
    it(title, () => assert.deepEqual(resolveRetry(settings), policy));

  it("contradicts itself with a pause of 0 and several attempts", () => {
    const expected = "more than 0 with 5 attempts";
    assert.deepEqual(retryContradiction({ initialMs: 0 }), { field: "initialMs", expected, found: "0" });
    assert.deepEqual(retryContradiction({ maxMs: 0 }), { field: "maxMs", expected, found: "0" });
    assert.equal(retryContradiction({ maxAttempts: 1, initialMs: 0 }), undefined);
    assert.throws(() => resolveRetry({ maxAttempts: 3, initialMs: 0 }), AssertionFault);
  });
});

describe("a retry policy as a message", () => {
  it("takes zeros as fields that are not set", () => {
    assert.deepEqual(retryFromMessage(undefined), resolveRetry());
    assert.deepEqual(retryFromMessage({ maxAttempts: 2, initialMs: 0, jitter: 0 }), {
      ...whole,
      maxAttempts: 2,
    });
    assert.deepEqual(retryFromMessage({ initialMs: 7, jitter: 0 }), { ...whole, initialMs: 7, jitter: 0 });
  });

  it("comes back whole", () => {
    const policy = resolveRetry({ maxAttempts: 4, initialMs: 5, factor: 3, maxMs: 50, retryOn: ["a.*"] });
    assert.deepEqual(retryFromMessage(retryMessage(policy)), policy);
    assert.deepEqual(retryFromMessage(retryMessage(resolveRetry())), resolveRetry());
  });
});
