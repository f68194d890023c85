import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closedLoop } from "./closed-loop.ts";
import { alternate } from "./rounds.ts";
import { Latencies, median, quantile, rounded } from "./statistics.ts";

describe("statistics", () => {
  for (const { values, share, expected } of [
    { values: [], share: 0.5, expected: 0 },
    { values: [7], share: 0.99, expected: 7 },
    { values: [1, 2, 3, 4], share: 0.5, expected: 2 },
    { values: [1, 2, 3, 4], share: 1, expected: 4 },
    { values: Array.from({ length: 100 }, (_, index) => index + 1), share: 0.99, expected: 99 },
  ]) {
    it(`returns ${expected} as the quantile ${share} of ${values.length} values`, () => {
      assert.equal(quantile(values, share), expected);
    });
  }

  it("returns the middle of unsorted values", () => {
    assert.equal(median([9, 1, 5]), 5);
  });

  it("keeps four significant digits", () => {
    assert.deepEqual([123_456, 0.0123456, 0].map(rounded), [123_500, 0.01235, 0]);
  });

  it("keeps all latencies beyond its initial capacity", () => {
    const latencies = new Latencies();
    for (let value = 1; value <= 100_000; value++) latencies.add(value);
    assert.equal(latencies.count, 100_000);
    assert.deepEqual(latencies.quantiles(), { p50Ms: 50_000, p99Ms: 99_000 });
  });
});

describe("closedLoop", () => {
  it("keeps the requested concurrency, and counts items and calls separately", async () => {
    let running = 0;
    let most = 0;
    const call = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return 10;
    };
    const { callsPerSec, itemsPerSec } = await closedLoop({ call, concurrency: 4 }, 0.02);
    assert.equal(most, 4);
    assert.equal(Math.round(itemsPerSec / callsPerSec), 10);
  });
});

describe("alternate", () => {
  it("warms up, then measures in alternating order, and returns medians", async () => {
    const calls: string[] = [];
    const contestant = (name: string, figures: number[]) => ({
      name,
      measure: async () => {
        calls.push(name);
        return { perSec: figures.shift() ?? 0 };
      },
    });
    const results = await alternate(
      [contestant("ours", [999, 5, 1, 3]), contestant("ceiling", [0, 8, 8, 8])],
      {
        rounds: 3,
        seconds: 1,
      },
    );
    assert.equal(calls.join(" "), "ours ceiling ours ceiling ceiling ours ours ceiling");
    assert.deepEqual(results.get("ours"), { perSec: 3 });
    assert.deepEqual(results.get("ceiling"), { perSec: 8 });
  });
});
