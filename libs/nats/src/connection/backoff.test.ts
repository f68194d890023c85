import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";

describe("backoffMs", () => {
  it("doubles up to the longest pause and stays within its upper half", () => {
    const backoff = { firstMs: 100, maxMs: 5_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer(), (failure, seed) => {
        const full = Math.min(5_000, 100 * 2 ** (failure - 1));
        const pause = backoffMs(backoff, failure, seededChance(seed));
        assert.ok(pause >= full / 2 && pause <= full, `${pause} of ${full}`);
      }),
    );
  });
});
