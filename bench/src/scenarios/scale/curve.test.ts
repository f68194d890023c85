import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exponentOf } from "./curve.ts";

describe("the exponent of a curve", () => {
  const curve = (costOf: (size: number) => number) =>
    [10, 100, 1_000].map((size) => ({ size, cost: costOf(size) }));

  for (const [name, costOf, expected] of [
    ["a cost that does not grow has 0", () => 7, 0],
    ["a cost per item that stays has 1", (size: number) => 3 * size, 1],
    ["a cost that grows with the square has 2", (size: number) => size ** 2 / 5, 2],
  ] as const)
    it(name, () => assert.ok(Math.abs((exponentOf(curve(costOf)) ?? Number.NaN) - expected) < 1e-9));

  it("is undefined for one size", () => {
    assert.equal(exponentOf([{ size: 10, cost: 1 }]), undefined);
    assert.equal(exponentOf([]), undefined);
  });
});
