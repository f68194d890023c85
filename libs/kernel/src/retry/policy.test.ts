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

const defaults: RetryPolicy = {
  ...{ maxAttempts: 5, initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 },
  ...{ retryOn: [], failOn: [], pauseWhenExhausted: false },
};

describe("a retry policy", () => {
  const rows: readonly (readonly [title: string, settings: RetrySettings | undefined, RetryPolicy])[] = [
    ["that is not set has every default", undefined, defaults],
    ["without fields has every default", {}, defaults],
    ["with a number of attempts pauses by default", { maxAttempts: 9 }, { ...defaults, maxAttempts: 9 }],
    [
      "with one attempt has no pause",
      { maxAttempts: 1, initialMs: 5 },
      { ...defaults, maxAttempts: 1, initialMs: 0 },
    ],
    [
      "keeps what is set",
      { initialMs: 5, factor: 1, jitter: 0 },
      { ...defaults, initialMs: 5, factor: 1, jitter: 0 },
    ],
    [
      "has no first pause beyond its longest one",
      { initialMs: 600_000 },
      { ...defaults, initialMs: 600_000, maxMs: 600_000 },
    ],
    [
      "takes undefined as not set",
      { maxAttempts: undefined, retryOn: ["a"] },
      { ...defaults, retryOn: ["a"] },
    ],
  ];
  for (const [title, settings, policy] of rows)
    it(title, () => assert.deepEqual(resolveRetry(settings), policy));

  it("is invalid with a pause of 0 and several attempts", () => {
    const expected = "more than 0 with 5 attempts";
    assert.deepEqual(retryContradiction({ initialMs: 0 }), { field: "initialMs", expected, found: "0" });
    assert.deepEqual(retryContradiction({ maxMs: 0 }), { field: "maxMs", expected, found: "0" });
    assert.equal(retryContradiction({ maxAttempts: 1, initialMs: 0 }), undefined);
    assert.throws(() => resolveRetry({ maxAttempts: 3, initialMs: 0 }), AssertionFault);
  });
});

describe("a retry policy as a message", () => {
  it("treats zeros as fields that are not set", () => {
    assert.deepEqual(retryFromMessage(undefined), resolveRetry());
    assert.deepEqual(retryFromMessage({ maxAttempts: 2, initialMs: 0, jitter: 0 }), {
      ...defaults,
      maxAttempts: 2,
    });
    assert.deepEqual(retryFromMessage({ initialMs: 7, jitter: 0 }), { ...defaults, initialMs: 7, jitter: 0 });
  });

  it("is read back unchanged", () => {
    const policy = resolveRetry({ maxAttempts: 4, initialMs: 5, factor: 3, maxMs: 50, retryOn: ["a.*"] });
    assert.deepEqual(retryFromMessage(retryMessage(policy)), policy);
    assert.deepEqual(retryFromMessage(retryMessage(resolveRetry())), resolveRetry());
  });
});
