import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CounterValue, GaugeValue, HistogramValue } from "./cells.ts";

describe("counter cells", () => {
  it("add one, or a given number", () => {
    const cell = new CounterValue();
    cell.add();
    cell.add(2.5);
    assert.equal(cell.read(), 3.5);
  });

  it("ignore negative values and NaN", () => {
    const cell = new CounterValue();
    cell.add(1);
    cell.add(-1);
    cell.add(Number.NaN);
    assert.equal(cell.read(), 1);
  });
});

describe("gauge cells", () => {
  it("are set and moved both ways", () => {
    const cell = new GaugeValue();
    cell.set(5);
    cell.add(-7);
    assert.equal(cell.read(), -2);
  });

  it("add up their observers until these stop", () => {
    const cell = new GaugeValue();
    const two = (): number => 2;
    cell.observe(two);
    cell.observe(() => 3);
    assert.equal(cell.read(), 5);
    cell.removeObserver(two);
    assert.equal(cell.read(), 3);
  });

  it("are not a number when an observer throws", () => {
    const cell = new GaugeValue();
    cell.observe(() => {
      throw new Error("away");
    });
    assert.ok(Number.isNaN(cell.read()));
  });
});

describe("histogram cells", () => {
  it("count a value on a bound in the bucket below it, and beyond the last bound in the last", () => {
    const cell = new HistogramValue(Float64Array.of(1, 2));
    for (const value of [0, 1, 1.5, 2, 3, Number.POSITIVE_INFINITY]) cell.observe(value);
    assert.deepEqual([...cell.counts], [2, 2, 2]);
  });

  it("ignore values that are no numbers", () => {
    const cell = new HistogramValue(Float64Array.of(1));
    cell.observe(Number.NaN);
    assert.equal(cell.count(), 0);
    assert.equal(cell.sum, 0);
  });

  it("count and sum match the values, for any values", () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(values, (observed) => {
        const cell = new HistogramValue(Float64Array.of(-10, 0, 10));
        for (const value of observed) cell.observe(value);
        assert.equal(cell.count(), observed.length);
        assert.ok(Object.is(cell.sum + 0, observed.reduce((sum, value) => sum + value, 0) + 0));
      }),
    );
  });
});
