import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { decideRetry, isRetried, retryPauseMs } from "./decision.ts";
import { resolveRetry } from "./policy.ts";

const policy = resolveRetry({ maxAttempts: 5, maxMs: 10_000, jitter: 0 });
const error = (code: string, retry: RetryClass = RetryClass.RETRY_CLASS_UNSPECIFIED) =>
  ErrorDetail.fromPartial({ code, retry });
const least = () => 0;

describe("the decision after a failed attempt", () => {
  it("retries any error that is not final, unless the policy lists codes", () => {
    assert.ok(isRetried(policy, error("a.b")));
    assert.ok(!isRetried(policy, error("a.b", RetryClass.RETRY_CLASS_NEVER)));
    assert.ok(isRetried({ ...policy, retryOn: ["a.*"] }, error("a.b", RetryClass.RETRY_CLASS_NEVER)));
    assert.ok(!isRetried({ ...policy, retryOn: ["c.*"] }, error("a.b")));
    assert.ok(!isRetried({ ...policy, retryOn: ["a.*"], failOn: ["a.b"] }, error("a.b")));
  });

  it("retries until the attempts are used up, then fails or pauses", () => {
    const pausing = { ...policy, pauseWhenExhausted: true };
    assert.deepEqual(decideRetry(policy, error("a"), 4, least), { kind: "retry", pauseMs: 8_000 });
    assert.deepEqual(decideRetry(policy, error("a"), 5, least), { kind: "fail" });
    assert.deepEqual(decideRetry(pausing, error("a"), 5, least), { kind: "pause" });
    assert.deepEqual(decideRetry(pausing, error("a", RetryClass.RETRY_CLASS_NEVER), 1, least), {
      kind: "fail",
    });
  });

  it("draws a random number for a retry only", () => {
    let draws = 0;
    const random = () => {
      draws++;
      return 0;
    };
    decideRetry(policy, error("a"), 5, random);
    decideRetry(policy, error("a", RetryClass.RETRY_CLASS_NEVER), 1, random);
    assert.equal(draws, 0);
    decideRetry(policy, error("a"), 1, random);
    assert.equal(draws, 1);
  });
});

describe("the pause before another attempt", () => {
  it("grows up to the longest, less its random share", () => {
    const soon = { retryAfterMs: 0 };
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((tries) => retryPauseMs(policy, tries, soon, 0.9)),
      [1_000, 2_000, 4_000, 8_000, 10_000],
    );
    assert.equal(retryPauseMs({ ...policy, jitter: 0.5 }, 1, soon, 0.5), 750);
    assert.equal(retryPauseMs({ ...policy, maxMs: 0 }, 2, soon, 0), 2_000, "of a plan of an earlier release");
  });

  it("lasts as long as the error requests, at most an hour", () => {
    assert.equal(retryPauseMs(policy, 1, { retryAfterMs: 5_000 }, 0), 5_000);
    assert.equal(retryPauseMs(policy, 1, { retryAfterMs: 1e12 }, 0), 3_600_000);
  });
});
