import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seededChance } from "../testing/index.ts";
import { backoffBoundMs, backoffMs } from "./backoff.ts";

describe("backoff", () => {
  const backoff = { firstMs: 100, maxMs: 5_000 };

  it("doubles up to the longest pause", () => {
    assert.deepEqual(
      [1, 2, 3, 6, 7, 100, 5_000].map((failure) => backoffBoundMs(backoff, failure)),
      [100, 200, 400, 3_200, 5_000, 5_000, 5_000],
    );
  });

  it("stays within the upper half of the bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer(), (failure, seed) => {
        const limitMs = backoffBoundMs(backoff, failure);
        const pauseMs = backoffMs(backoff, failure, seededChance(seed));
        assert.ok(pauseMs >= limitMs / 2 && pauseMs <= limitMs, `${pauseMs} of ${limitMs}`);
      }),
    );
  });
});
