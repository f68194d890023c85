import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trend } from "@tutti/rest/types";
import { changesIn, driftsIn, trendQueries } from "./changes.ts";

const memory = "process_resident_memory_bytes";
const trend = (process: string, more: Partial<Trend> = {}): Trend => ({
  ...{ series: { queryId: "value", labels: { process }, values: [] }, changePoints: [], periodsMs: [] },
  ...more,
});

describe("changes of a metric", () => {
  it("are sought in the series that the page shows", () => {
    assert.deepEqual(trendQueries("calls", ["rate", "p99"], { process: "a", over: "sum", by: "code" }), [
      {
        ...{ queryId: "rate", metric: "calls", overTime: "rate", overSeries: "sum", groupBy: ["code"] },
        labels: { equals: { process: "a" } },
      },
      {
        ...{ queryId: "p99", metric: "calls", overTime: "quantile", quantile: 0.99, overSeries: "max" },
        ...{ groupBy: ["code"], labels: { equals: { process: "a" } } },
      },
    ]);
    assert.deepEqual(trendQueries("m", ["value"], {}), [{ queryId: "value", metric: "m", overTime: "mean" }]);
  });

  it("have the latest first, in the unit of the metric", () => {
    const point = (timeMs: number, before: number, after: number) => ({
      timeMs,
      before,
      after,
      coincidences: [],
    });
    const found = changesIn(memory, [
      trend("a", { changePoints: [point(5, 1_024, 2_048), point(9, 2_048, 1_024)] }),
      trend("b", { changePoints: [point(7, 0, 512)] }),
    ]);
    assert.deepEqual(
      found.map(({ series, before, after, isRise }) => `${series}: ${before} ${isRise ? "<" : ">"} ${after}`),
      ["a: 2.0 KiB > 1.0 KiB", "b: 0 B < 512 B", "a: 1.0 KiB < 2.0 KiB"],
    );
  });

  it("name the figure if a metric has several", () => {
    const point = { timeMs: 5, before: 1, after: 2, coincidences: [] };
    const [found] = changesIn("calls", [
      { series: { queryId: "p99", labels: {}, values: [] }, changePoints: [point], periodsMs: [] },
    ]);
    assert.equal(found?.series, "all, 99th percentile");
  });

  it("that are steady have the steepest first. Chance is no drift", () => {
    const found = driftsIn(memory, [
      trend("a", { slopePerDay: 1_048_576, changePerDay: 0.03, confidence: 0.9999 }),
      trend("b", { slopePerDay: -1_024, changePerDay: -0.5, confidence: 0.9999 }),
      trend("c", { slopePerDay: 7, changePerDay: 1, confidence: 0 }),
    ]);
    assert.deepEqual(found, ["b falls by 1.0 KiB a day, 50 %.", "a rises by 1.0 MiB a day, 3 %."]);
  });
});
