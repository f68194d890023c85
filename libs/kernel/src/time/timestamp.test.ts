import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromTimestamp, toTimestamp } from "./timestamp.ts";

describe("timestamps", () => {
  it("keep every millisecond in both directions", () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (ms) => {
        assert.equal(fromTimestamp(toTimestamp(ms)), ms);
      }),
    );
  });

  it("have less than a second of nanoseconds, after any rounding", () => {
    assert.deepEqual(toTimestamp(1_999.999_999_9), { seconds: 1, nanos: 999_999_999 });
    assert.deepEqual(toTimestamp(-0.5), { seconds: -1, nanos: 999_500_000 });
  });
});
