import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figuresOf } from "./variants.ts";

describe("the durations of a variant", () => {
  const durations = (...all: readonly (number | undefined)[]) => {
    const { short, p50Ms, p95Ms } = figuresOf(all.map((ms) => ({ ms })));
    return [short, p50Ms, p95Ms];
  };

  it("are unknown for calls without a recorded start, which are shorter than the others", () => {
    assert.deepEqual(durations(), [0, undefined, undefined]);
    assert.deepEqual(durations(undefined, undefined), [2, undefined, undefined]);
    assert.deepEqual(durations(undefined, undefined, undefined, 30), [3, undefined, 30]);
    assert.deepEqual(durations(undefined, 40, 30), [1, 30, 40]);
  });

  it("do not contain failed calls", () => {
    const { calls, failed, errors, p50Ms } = figuresOf([{ ms: 5, error: "timeout" }, { ms: 50 }]);
    assert.deepEqual([calls, failed, errors, p50Ms], [2, 1, { timeout: 1 }, 50]);
  });
});
