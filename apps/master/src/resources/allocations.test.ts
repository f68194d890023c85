import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { descending } from "./allocations.ts";

describe("allocations in a list", () => {
  it("have the greatest amount first, also in bytes of memory", () => {
    const amounts = [0, 0.5, 1, 2, 999, 1e6, 1e9, 8e9, 64e9];
    const sorted = amounts.toSorted((one, other) => (descending(one) < descending(other) ? -1 : 1));
    assert.deepEqual(sorted, amounts.toReversed());
  });
});
