import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Measure,
  Metric,
  MetricKind,
  RecordMeasuresRequest,
  RecordSamplesRequest,
} from "@tutti/contracts/insight/v1";
import { measuredOf } from "./measured.ts";
import { SampleStream } from "./sample-stream.ts";

const {
  METRIC_KIND_COUNTER: counter,
  METRIC_KIND_GAUGE: gauge,
  METRIC_KIND_HISTOGRAM: histogram,
} = MetricKind;

describe("samples of a stream", () => {
  const declare = (kind: MetricKind, more = {}) => ({
    metric: Metric.fromPartial({ name: "m", kind }),
    ...more,
  });
  const send = (stream: SampleStream, timeMs: number, values: readonly number[], metrics: object[] = []) =>
    stream.accept(
      RecordSamplesRequest.fromPartial({
        metrics,
        timeMs,
        series: values.map((_, at) => at + 1),
        values: [...values],
      }),
    );

  it("of a counter become rates of the slots that have ended, through a new start of its process", () => {
    const stream = new SampleStream();
    const { metrics, series } = send(stream, 13_000, [100], [declare(counter, { labels: { a: "b" } })]);
    assert.deepEqual([metrics[0]?.namespace, metrics[0]?.labels, series], ["system", ["a"], []]);
    assert.deepEqual(send(stream, 18_000, [120]).series, []);
    const [first] = send(stream, 33_000, [140]).series;
    assert.deepEqual([first?.statistic, first?.fromMs, [...(first?.values ?? [])]], ["rate", 10_000, [2, 2]]);
    // Sent again: counts once.
    assert.deepEqual(send(stream, 33_000, [140]).series, []);
    assert.deepEqual([...(send(stream, 41_000, [30]).series[0]?.values ?? [])], [3]);
  });

  it("of a counter after a long gap fill the stored slots, at the mean rate of the gap", () => {
    const stream = new SampleStream();
    const nowMs = 1_800_000_000_000;
    send(stream, 1, [0], [declare(counter)]);
    const [first] = send(stream, nowMs, [nowMs / 1_000]).series;
    assert.equal(first?.fromMs, nowMs - 2 * 86_400_000);
    assert.equal(first?.values.length, 17_280);
    assert.deepEqual([first?.values[0], first?.values.at(-1)], [1, 1]);
  });

  it("of a gauge are values of their slots, in the namespace that they are about", () => {
    const [first] = send(new SampleStream(), 13_000, [7], [declare(gauge, { namespace: "shop" })]).series;
    assert.deepEqual([first?.namespace, first?.fromMs, first?.values[0]], ["shop", 10_000, 7]);
  });

  it("of buckets become a rate and quantiles", () => {
    const stream = new SampleStream();
    const buckets = [1, 2, undefined].map((bucket) =>
      declare(histogram, bucket === undefined ? {} : { bucket }),
    );
    send(stream, 0, [0, 0, 0], buckets);
    const found = send(stream, 10_000, [50, 50, 0]).series;
    assert.deepEqual(
      found.map(({ statistic, values }) => [statistic, Number(values[0]?.toFixed(6))]),
      [
        ["rate", 10],
        ["p50", 1],
        ["p99", 1.98],
      ],
    );
  });

  it("are refused without their series", () => {
    assert.throws(() => send(new SampleStream(), 0, [1]), { code: "insight.measures_refused" });
  });
});

describe("a measurement of a worker", () => {
  const request = (measures: readonly Partial<Measure>[], more = {}) =>
    RecordMeasuresRequest.fromPartial({
      worker: "w1",
      fromMs: 20_000,
      toMs: 40_000,
      measures: measures.map((fields) => Measure.fromPartial(fields)),
      ...more,
    });

  it("is spread over its time, with the worker as a label", () => {
    const { metrics, series } = measuredOf(
      request([
        { name: "orders_total", kind: counter, labels: { route: "a" }, value: 40 },
        { name: "latency_seconds", kind: histogram, value: 10, p50: 0.5, p99: 0.9 },
      ]),
      "shop",
    );
    assert.deepEqual(metrics[0]?.labels, ["route", "worker"]);
    assert.deepEqual(
      series.map(({ statistic, labels, fromMs, values }) => [statistic, labels, fromMs, [...values]]),
      [
        ["rate", { route: "a", worker: "w1" }, 20_000, [2, 2]],
        ["rate", { worker: "w1" }, 20_000, [0.5, 0.5]],
        ["p50", { worker: "w1" }, 20_000, [0.5, 0.5]],
        ["p99", { worker: "w1" }, 20_000, [0.9, 0.9]],
      ],
    );
  });

  for (const [title, namespace, measures, more] of [
    ["in the namespace of the installation", "system", [], {}],
    ["in parts of a step", "shop", [], { toMs: 41_000 }],
    ["of no time", "shop", [], { toMs: 20_000 }],
    ["of more than ten minutes", "shop", [], { toMs: 660_000 }],
    ["of a metric without a kind", "shop", [{ name: "a" }], {}],
    ["of a metric with a strange name", "shop", [{ name: "a.b", kind: gauge }], {}],
  ] as const)
    it(`is refused ${title}`, () => {
      assert.throws(() => measuredOf(request(measures, more), namespace), {
        code: "insight.measures_refused",
      });
    });
});
