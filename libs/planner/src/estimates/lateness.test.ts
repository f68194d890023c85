import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { latenessOf } from "./lateness.ts";

/** The log probability of a shift, by the definition alone. */
function probability(shift: number, elapsed: readonly number[], between: number, within: number): number {
  const shape = Math.PI / (Math.sqrt(3) * within);
  const notEnded = elapsed.map((each) => -Math.log1p(Math.exp(shape * (each - shift))));
  return notEnded.reduce((sum, each) => sum + each, -(shift ** 2) / (2 * between));
}

describe("the lateness of a kind, by its running tasks", () => {
  it("is the most probable value", () => {
    const inputs = fc.record({
      elapsed: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 6 }),
      between: fc.double({ min: 0.05, max: 2, noNaN: true }),
      within: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
    });
    fc.assert(
      fc.property(inputs, ({ elapsed, between, within }) => {
        const found = latenessOf(elapsed, between, within);
        const best = probability(found, elapsed, between, within);
        for (let shift = 0; shift <= 5; shift += 0.05)
          assert.ok(
            probability(shift, elapsed, between, within) <= best + 1e-4,
            `${shift} instead of ${found}`,
          );
      }),
    );
  });

  it("is small for a task that has just started, and grows with each late task", () => {
    const late = (count: number, by: number) => latenessOf(new Array(count).fill(by), 1, 0.5);
    assert.ok(late(3, -4) < 0.01);
    assert.ok(late(1, 1) > 0.3 && late(4, 1) > late(1, 1) && late(4, 2) > late(4, 1));
  });

  it("is hardly anything for a kind that is well known", () => {
    assert.ok(latenessOf([1, 1, 1], 0.01, 0.5) < 0.15);
  });
});
