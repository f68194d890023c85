import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { defaultBounds, flawOfBounds, quantileOf } from "./buckets.ts";
import { HistogramValue } from "./cells.ts";

describe("buckets of histograms", () => {
  it("each unit has sound bounds of its own", () => {
    for (const name of ["a_seconds", "a_bytes", "a_ratio", "a_things"]) {
      assert.equal(flawOfBounds(defaultBounds(name)), undefined);
    }
  });

  it("bounds that do not ascend, are infinite, missing or too many are refused", () => {
    assert.match(flawOfBounds([1, 1]) ?? "", /ascending/);
    assert.match(flawOfBounds([1, Number.POSITIVE_INFINITY]) ?? "", /finite/);
    assert.match(flawOfBounds([]) ?? "", /1 to 40/);
    assert.match(flawOfBounds(Array.from({ length: 41 }, (_, index) => index)) ?? "", /1 to 40/);
  });
});

describe("quantiles", () => {
  const bounds = Float64Array.of(1, 2, 4);
  const cases: readonly (readonly [readonly number[], number, number])[] = [
    [[0, 0, 0, 0], 0.5, Number.NaN],
    [[4, 0, 0, 0], 0.5, 0.5],
    [[0, 4, 0, 0], 0.5, 1.5],
    [[2, 2, 0, 0], 0.99, 1.98],
    [[0, 0, 0, 7], 0.5, 4],
  ];
  for (const [counts, q, expected] of cases) {
    it(`of ${counts.join(" ")} the ${q}-quantile is ${expected}`, () => {
      const found = quantileOf(bounds, Float64Array.from(counts), q);
      assert.ok(Object.is(found, expected) || Math.abs(found - expected) < 1e-9, `found ${found}`);
    });
  }

  it("a quantile is in the bucket of the value at its rank", () => {
    const values = fc.array(fc.double({ min: 0, max: 3.99, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (observed, q) => {
        const cell = new HistogramValue(bounds);
        for (const value of observed) cell.observe(value);
        const exact = observed.toSorted((a, b) => a - b)[Math.ceil(q * observed.length) - 1] as number;
        const upper = bounds.find((bound) => exact <= bound) as number;
        const lower = bounds.findLast((bound) => bound < upper) ?? 0;
        const found = quantileOf(bounds, cell.counts, q);
        assert.ok(found >= lower && found <= upper + 1e-9, `${found} outside ${lower}..${upper}`);
      }),
    );
  });
});
