import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Measured } from "../measured.ts";
import { OtlpSeries, otlpMetrics } from "./otlp-series.ts";

const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };

/** A request in JSON with one metric. */
function request(metric: object): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }),
  );
}

const at = (ms: number) => `${BigInt(ms) * 1_000_000n}`;
const textsOf = ({ series }: Measured) =>
  series.map(({ metric, statistic, labels, fromMs, values }) => ({
    ...{ metric, statistic, labels, fromMs },
    values: [...values].map((value) => Number(value.toFixed(3))),
  }));

describe("metrics by OTLP", () => {
  const send = (store: OtlpSeries, metric: object, nowMs = 1_000_000) =>
    store.accept("default", otlpMetrics(request(metric), true), nowMs);
  const sum = (points: readonly object[], more: object = {}) => ({
    ...{ name: "orders.done", unit: "1" },
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: points, ...more },
  });

  it("of a counter are rates from the start of its program, by the names of Prometheus", () => {
    const store = new OtlpSeries();
    const attributes = [{ key: "http.route", value: { stringValue: "/a" } }];
    const first = { attributes, startTimeUnixNano: at(980_000), timeUnixNano: at(1_000_000), asInt: "40" };
    const found = send(store, sum([first]));
    assert.deepEqual(textsOf(found), [
      {
        ...{ metric: "orders_done_total", statistic: "rate", fromMs: 980_000, values: [2, 2] },
        labels: { service: "shop", http_route: "/a" },
      },
    ]);
    assert.equal(found.metrics[0]?.kind, "counter");
    // Sent again: counts once. Then 30 more in 10 s.
    assert.deepEqual(textsOf(send(store, sum([first]))), []);
    const next = { ...first, timeUnixNano: at(1_010_000), asInt: "70" };
    assert.deepEqual(textsOf(send(store, sum([next])))[0]?.values, [3]);
  });

  it("of deltas add up, and a sum that can fall is a gauge", () => {
    const store = new OtlpSeries();
    const point = (from: number, value: number) => ({
      ...{ startTimeUnixNano: at(from), timeUnixNano: at(from + 10_000), asDouble: value },
    });
    const delta = { aggregationTemporality: 1 };
    assert.deepEqual(textsOf(send(store, sum([point(990_000, 20)], delta)))[0]?.values, [2]);
    assert.deepEqual(textsOf(send(store, sum([point(1_000_000, 50)], delta)))[0]?.values, [5]);
    const open = { name: "queue.size", sum: { aggregationTemporality: 2, dataPoints: [point(990_000, 7)] } };
    assert.deepEqual(
      textsOf(send(store, open)).map(({ metric, statistic, values }) => [metric, statistic, values]),
      [["queue_size", "value", [7]]],
    );
  });

  it("of a histogram are a rate and quantiles", () => {
    const dataPoints = [
      {
        ...{ startTimeUnixNano: at(990_000), timeUnixNano: at(1_000_000), count: "100" },
        ...{ bucketCounts: ["50", "50", "0"], explicitBounds: [1, 2] },
      },
    ];
    const metric = { name: "http.duration", unit: "s", histogram: { aggregationTemporality: 2, dataPoints } };
    assert.deepEqual(
      textsOf(send(new OtlpSeries(), metric)).map((each) => [each.metric, each.statistic, each.values]),
      [
        ["http_duration_seconds", "rate", [10]],
        ["http_duration_seconds", "p50", [1]],
        ["http_duration_seconds", "p99", [1.98]],
      ],
    );
  });

  it("that cannot be recorded are counted with the reason, and others are recorded", () => {
    const store = new OtlpSeries();
    const good = { timeUnixNano: at(1_000_000), asDouble: 1 };
    const gauge = { name: "g", gauge: { dataPoints: [good, { ...good, timeUnixNano: "0" }] } };
    const found = send(store, gauge);
    assert.deepEqual([found.rejected, found.reason, found.series.length], [1, "g: expected a time", 1]);
    const summary = { name: "s", summary: { dataPoints: [good] } };
    assert.equal(send(store, summary).rejected, 0);
    const falling = sum([good], { isMonotonic: false, aggregationTemporality: 1 });
    assert.match(send(store, falling).reason, /cumulative values for a non-monotonic sum/);
  });

  it("with times far apart fill only the stored slots, and times ahead are rejected", () => {
    const store = new OtlpSeries();
    const nowMs = 1_800_000_000_000;
    const point = (timeMs: number, asInt: string) => ({ timeUnixNano: at(timeMs), asInt });
    const found = send(store, sum([point(1, "1"), point(nowMs, "5"), point(nowMs + 400_000, "6")]), nowMs);
    assert.deepEqual(
      found.series.map(({ values }) => values.length),
      [17_280],
    );
    assert.deepEqual(
      [found.rejected, found.reason],
      [1, "orders.done: expected a time at most 5 minutes ahead"],
    );
    assert.equal(send(store, sum([{ timeUnixNano: "1e30", asInt: "9" }]), nowMs).rejected, 1);
    const next = send(store, sum([point(nowMs + 10_000, "15")]), nowMs + 10_000);
    assert.deepEqual(textsOf(next)[0]?.values, [1]);
  });

  it("beyond the maximum of values per round are rejected", () => {
    const store = new OtlpSeries();
    const nowMs = 1_800_000_000_000;
    const dataPoints = Array.from({ length: 100 }, (_, number) => {
      const attributes = [{ key: "n", value: { intValue: number } }];
      return [1, nowMs].map((timeMs) => ({ attributes, timeUnixNano: at(timeMs), asInt: `${timeMs}` }));
    }).flat();
    const { series, rejected } = send(store, sum(dataPoints), nowMs);
    assert.ok(series.reduce((count, { values }) => count + values.length, 0) < 500_000);
    assert.ok(rejected > 100);
    assert.throws(() => send(store, sum(Array.from({ length: 50_001 }, () => ({})))), {
      ...{ code: "insight.measures_refused", message: /at most 50000 points, got 50001/ },
    });
  });

  it("of a gauge are the same series with any bounds", () => {
    const store = new OtlpSeries();
    const point = (explicitBounds: readonly number[]) => ({
      ...{ timeUnixNano: at(1_000_000), asDouble: 1, explicitBounds },
    });
    const dataPoints = Array.from({ length: 20_010 }, (_, number) => point([number]));
    assert.equal(send(store, { name: "g", gauge: { dataPoints } }).rejected, 0);
  });

  for (const [title, more] of [
    ["counts that are no numbers", { bucketCounts: ["a", 1] }],
    ["counts without an end", { bucketCounts: [1, "Infinity"] }],
    ["counts below 0", { bucketCounts: [-1, 1] }],
    ["a bound that is no number", { explicitBounds: ["a"] }],
    ["bounds that fall", { bucketCounts: [1, 1, 1], explicitBounds: [2, 1] }],
  ] as const)
    it(`of a histogram with ${title} are rejected`, () => {
      const point = { timeUnixNano: at(1_000_000), count: 2, bucketCounts: [1, 1], explicitBounds: [1] };
      const histogram = { aggregationTemporality: 1, dataPoints: [{ ...point, ...more }] };
      assert.equal(send(new OtlpSeries(), { name: "h", histogram }).rejected, 1);
    });

  for (const unit of ["constructor", "__proto__", "toString"])
    it(`with the unit ${unit} have the name that was sent`, () => {
      const dataPoints = [{ timeUnixNano: at(1_000_000), asDouble: 1 }];
      const found = send(new OtlpSeries(), { name: "g", unit, gauge: { dataPoints } });
      assert.equal(found.metrics[0]?.name, "g");
    });

  it("of too many label values are refused and counted, and start again after an hour", () => {
    const store = new OtlpSeries();
    const dataPoints = Array.from({ length: 20_010 }, (_, number) => ({
      attributes: [{ key: "user", value: { intValue: number } }],
      ...{ timeUnixNano: at(1_000_000), asDouble: 1 },
    }));
    const metric = { name: "g", gauge: { dataPoints } };
    const found = send(store, metric);
    assert.deepEqual([found.rejected, found.series.length], [10, 20_000]);
    assert.match(found.reason, /at most 20000 series/);
    const later = send(
      store,
      { name: "g", gauge: { dataPoints: dataPoints.slice(-5) } },
      1_000_000 + 3_600_001,
    );
    assert.deepEqual([later.rejected, later.series.length], [0, 5]);
  });

  it("of a request with too many parts are refused before the parts are read", () => {
    const empty = Array.from({ length: 300_001 }, () => ({}));
    const refused = {
      code: "insight.measures_refused",
      message: /at most 300000 metrics, points and attributes/,
    };
    assert.throws(() => otlpMetrics(request({ name: "g", gauge: { dataPoints: empty } }), true), refused);
    const point = { attributes: empty, timeUnixNano: at(1_000_000), asDouble: 1 };
    assert.throws(() => otlpMetrics(request({ name: "g", gauge: { dataPoints: [point] } }), true), refused);
    // Four resources of 90,000 empty scopes.
    const scopes = new Uint8Array(180_000).map((_, index) => (index % 2 === 0 ? 0x12 : 0));
    const resourceMetrics = [0x0a, 0xa0, 0xfe, 0x0a, ...scopes];
    const parts = Uint8Array.from(Array.from({ length: 4 }, () => resourceMetrics).flat());
    assert.throws(() => otlpMetrics(parts, false), refused);
  });

  it("of a request that is none, and of the platform's own namespace, are refused", () => {
    const expected = { code: "insight.measures_refused" };
    assert.throws(() => otlpMetrics(new TextEncoder().encode("{"), true), expected);
    assert.throws(() => otlpMetrics(Uint8Array.of(0x0a, 0xff), false), expected);
    assert.throws(() => new OtlpSeries().accept("system", [], 0), expected);
  });
});
