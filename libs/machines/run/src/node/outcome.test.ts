import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { RetryPolicy } from "@tutti/definitions";
import { isRetried, matches, pauseMsOf } from "./outcome.ts";

const policy: RetryPolicy = {
  maxAttempts: 5,
  initialMs: 1_000,
  factor: 2,
  maxMs: 10_000,
  jitter: 0,
  retryOn: [],
  failOn: [],
  pauseWhenExhausted: false,
};

describe("codes of errors", () => {
  const rows: readonly (readonly [pattern: string, code: string, fits: boolean])[] = [
    ["stock.empty", "stock.empty", true],
    ["stock.empty", "stock.emptyish", false],
    ["stock.*", "stock.empty", true],
    ["stock.*", "pay.empty", false],
    ["*", "", true],
    ["*.empty", "stock.empty", true],
    ["a*b*c", "a1b2c", true],
    ["a*b*c", "acb", false],
    ["ab*ba", "aba", false],
    ["*a*a*", "xa", false],
  ];
  for (const [pattern, code, fits] of rows)
    it(`${pattern} ${fits ? "stands for" : "does not stand for"} ${JSON.stringify(code)}`, () =>
      assert.equal(matches(pattern, code), fits));
});

describe("another attempt", () => {
  const error = (code: string, retry: RetryClass = RetryClass.RETRY_CLASS_UNSPECIFIED) =>
    ErrorDetail.fromPartial({ code, retry });

  it("follows any error that is not said to be final, unless the policy names those that count", () => {
    assert.ok(isRetried(policy, error("a.b")));
    assert.ok(!isRetried(policy, error("a.b", RetryClass.RETRY_CLASS_NEVER)));
    assert.ok(isRetried({ ...policy, retryOn: ["a.*"] }, error("a.b", RetryClass.RETRY_CLASS_NEVER)));
    assert.ok(!isRetried({ ...policy, retryOn: ["c.*"] }, error("a.b")));
    assert.ok(!isRetried({ ...policy, retryOn: ["a.*"], failOn: ["a.b"] }, error("a.b")));
  });

  it("comes after pauses that grow up to the longest, less what is left to chance", () => {
    const soon = { retryAfterMs: 0 };
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((tries) => pauseMsOf(policy, tries, soon, 0.9)),
      [1_000, 2_000, 4_000, 8_000, 10_000],
    );
    assert.equal(pauseMsOf({ ...policy, jitter: 0.5 }, 1, soon, 0.5), 750);
  });

  it("waits as long as whoever failed asks for", () => {
    assert.equal(pauseMsOf(policy, 1, { retryAfterMs: 5_000 }, 0), 5_000);
    assert.equal(pauseMsOf(policy, 1, { retryAfterMs: 1e12 }, 0), 3_600_000, "an hour at most");
  });
});
