import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingMetrics } from "@tutti/kernel/testing";
import type { WrittenSeries } from "@tutti/telemetry";
import type { RecordedMetric, RecordedSeries } from "../sample.ts";
import { slotMs } from "../time.ts";
import { UserSeries } from "./user-series.ts";

const startMs = 1_800_000_000_000;
const namespace = "shop";
const metric = (name: string, kind: RecordedMetric["kind"]): RecordedMetric => ({
  ...{ namespace, name, kind, help: "", unit: "", labels: ["worker"] },
});
const metrics = [metric("orders_total", "counter"), metric("wait", "histogram"), metric("queue", "gauge")];

function recorded(
  slot: number,
  values: readonly number[],
  overrides: Partial<RecordedSeries> = {},
): RecordedSeries {
  const own = { namespace, metric: "orders_total", statistic: "rate" as const, labels: { worker: "a" } };
  return { ...own, fromMs: startMs + slot * slotMs, values: Float64Array.from(values), ...overrides };
}

const textsOf = (all: readonly WrittenSeries[]) =>
  all.map(({ name, labels, samples }) => {
    const { tutti_namespace: _namespace, ...own } = labels;
    const values = samples.map(({ timeMs, value }) => `${(timeMs - startMs) / 1_000}:${value}`);
    return `${name} ${JSON.stringify(own)} ${values.join(" ")}`;
  });

describe("metrics of users for remote write", () => {
  it("are counters that grow, gauges and summaries", () => {
    const series = new UserSeries({ seriesMax: 100, seriesOfMetricMax: 10 }, recordingMetrics());
    const input = [
      recorded(0, [0.5, 0.2]),
      recorded(0, [3, 3], { metric: "wait" }),
      recorded(0, [0.25, 0.25], { metric: "wait", statistic: "p99" }),
      recorded(0, [7, Number.NaN, 8], { metric: "queue", statistic: "value" }),
    ];
    assert.deepEqual(textsOf(series.written({ metrics, series: input }, startMs)), [
      'orders_total {"worker":"a"} 0:0 10:5 20:7',
      'wait_count {"worker":"a"} 0:0 10:30 20:60',
      'wait {"worker":"a","quantile":"0.99"} 0:0.25 10:0.25',
      'queue {"worker":"a"} 0:7 20:8',
    ]);
    assert.deepEqual(textsOf(series.written({ metrics: [], series: [recorded(2, [1])] }, startMs)), [
      'orders_total {"worker":"a"} 30:17',
    ]);
  });

  it("send repeated samples once, and drop late samples", () => {
    const counted = recordingMetrics();
    const series = new UserSeries({ seriesMax: 100, seriesOfMetricMax: 10 }, counted);
    series.written({ metrics, series: [recorded(3, [1, 1])] }, startMs);
    assert.deepEqual(textsOf(series.written({ metrics, series: [recorded(3, [1, 1, 1])] }, startMs)), [
      'orders_total {"worker":"a"} 60:30',
    ]);
    assert.deepEqual(series.written({ metrics, series: [recorded(0, [1])] }, startMs), []);
    assert.equal(counted.value("tutti_insight_remote_write_samples_dropped_total", { reason: "late" }), 3);
  });

  it("share a series beyond the maximum, with the sum of their values", () => {
    const series = new UserSeries({ seriesMax: 100, seriesOfMetricMax: 1 }, recordingMetrics());
    const input = ["a", "b", "c"].map((worker) => recorded(0, [1], { labels: { worker } }));
    assert.deepEqual(textsOf(series.written({ metrics, series: input }, startMs)), [
      'orders_total {"worker":"a"} 0:0 10:10',
      'orders_total {"overflow":"true"} 0:0 10:20',
    ]);
  });

  it("are forgotten after an hour without samples", () => {
    const series = new UserSeries({ seriesMax: 100, seriesOfMetricMax: 1 }, recordingMetrics());
    series.written({ metrics, series: [recorded(0, [1])] }, startMs);
    const later = recorded(721, [1], { labels: { worker: "b" } });
    assert.deepEqual(textsOf(series.written({ metrics, series: [later] }, startMs + 721 * slotMs)), [
      'orders_total {"worker":"b"} 7210:0 7220:10',
    ]);
  });
});
