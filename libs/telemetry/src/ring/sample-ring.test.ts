import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { MetricsRegistry } from "../metrics/registry.ts";
import { type SampledSeries, SampleRing } from "./sample-ring.ts";
import { trackBytes } from "./track.ts";

const second = 1000;
const minute = 60 * second;

function setUp({
  maxBytes,
  before,
}: {
  maxBytes?: number;
  before?: (registry: MetricsRegistry) => void;
} = {}) {
  const time = new VirtualTime();
  const logger = recordingLogger();
  const registry = new MetricsRegistry({ logger });
  before?.(registry);
  const ring = new SampleRing({
    registry,
    clock: time,
    timers: time,
    logger,
    ...(maxBytes !== undefined && { maxBytes }),
  });
  ring.start();
  const past = (name: string, sinceMs: number, labels = {}): SampledSeries[] =>
    ring.series(name, labels, time.now() - sinceMs);
  return { time, logger, registry, ring, past };
}

function valuesOf(all: readonly SampledSeries[], statistic: string): SampledSeries["values"] | undefined {
  return all.find((series) => series.statistic === statistic)?.values;
}

function assertNear(found: number | null | undefined, expected: number, tolerance = 1e-6): void {
  assert.ok(
    typeof found === "number" && Math.abs(found - expected) <= tolerance,
    `expected ${expected}, got ${found}`,
  );
}

const requests = { name: "tutti_requests_total", help: "Requests.", labels: ["route"] } as const;
const load = { name: "tutti_load_ratio", help: "Load." } as const;
const duration = { name: "tutti_request_seconds", help: "Time.", buckets: [1, 2, 4] } as const;

describe("the ring of recent samples", () => {
  it("reads an unchanged gauge once a second, from the first second on", () => {
    let calls = 0;
    const before = (registry: MetricsRegistry) => {
      registry.gauge(load).observe({}, () => {
        calls++;
        return 0;
      });
    };
    const { time } = setUp({ before });
    calls = 0;
    time.advance(second);
    assert.equal(calls, 1);
    time.advance(second);
    assert.equal(calls, 2);
  });

  it("has a gauge's value of each second", () => {
    const { time, registry, past } = setUp();
    const gauge = registry.gauge(load).with({});
    for (const value of [0.25, 0.5, 0.75]) {
      gauge.set(value);
      time.advance(second);
    }
    assert.deepEqual(valuesOf(past(load.name, 2 * second), "value"), [0.25, 0.5, 0.75]);
  });

  it("has a counter's rate per second", () => {
    const { time, registry, past } = setUp();
    const counter = registry.counter(requests).with({ route: "a" });
    for (const amount of [10, 0, 4]) {
      counter.add(amount);
      time.advance(second);
    }
    assert.deepEqual(valuesOf(past(requests.name, 2 * second), "rate"), [10, 0, 4]);
  });

  it("has a histogram's rate and the quantiles of each second's values", () => {
    const { time, registry, past } = setUp();
    const histogram = registry.histogram(duration).with({});
    for (let count = 0; count < 100; count += 1) histogram.observe(1.5);
    time.advance(second);
    time.advance(second);
    const found = past(duration.name, second);
    assert.deepEqual(valuesOf(found, "rate"), [100, 0]);
    assertNear(valuesOf(found, "p50")?.[0], 1.5);
    assertNear(valuesOf(found, "p99")?.[0], 1.99);
    assert.equal(valuesOf(found, "p50")?.[1], null);
  });

  it("has only one statistic of each series, if one is requested", () => {
    const { time, registry, ring } = setUp();
    registry.histogram(duration).with({}).observe(1.5);
    time.advance(second);
    const only = ring.series(duration.name, {}, 0, "p99");
    assert.deepEqual(
      only.map(({ statistic }) => statistic),
      ["p99"],
    );
    assertNear(only[0]?.values.at(-1), 1.99);
  });

  it("reports when its samples were taken", () => {
    const { time, registry, past } = setUp();
    registry.gauge(load).with({}).set(1);
    time.advance(10 * second + 300);
    const [found] = past(load.name, 3 * second);
    assert.equal(found?.stepMs, second);
    assert.equal(found?.fromMs, time.now() - 2300);
    assert.equal(found?.values.length, 3);
  });

  it("keeps ten minutes of one-second samples", () => {
    const { time, registry, past } = setUp();
    registry.gauge(load).with({}).set(1);
    time.advance(15 * minute);
    assert.equal(valuesOf(past(load.name, 10 * minute), "value")?.length, 600);
  });

  it("returns steps of two minutes for older samples, computed over the whole step", () => {
    const { time, registry, past } = setUp();
    const counter = registry.counter(requests).with({ route: "a" });
    const gauge = registry.gauge(load).with({});
    const histogram = registry.histogram(duration).with({});
    for (let minutes = 0; minutes < 30; minutes += 1) {
      counter.add(60);
      gauge.set(minutes % 2);
      histogram.observe(0.5);
      histogram.observe(3);
      time.advance(minute);
    }
    const [rates] = past(requests.name, 30 * minute);
    assert.equal(rates?.stepMs, 2 * minute);
    assert.equal(rates?.values.length, 15);
    for (const rate of rates?.values ?? []) assertNear(rate, 1);
    for (const value of valuesOf(past(load.name, 30 * minute), "value") ?? []) assertNear(value, 0.5, 0.02);
    for (const p99 of valuesOf(past(duration.name, 30 * minute), "p99") ?? []) assertNear(p99, 3.96);
  });

  it("returns the one-second samples of a young process for any requested period", () => {
    const { time, registry, past } = setUp();
    registry.gauge(load).with({}).set(1);
    time.advance(minute);
    const [found] = past(load.name, 60 * minute);
    assert.deepEqual([found?.stepMs, found?.values.length], [second, 60]);
  });

  it("keeps one day of two-minute steps", () => {
    const { time, registry, past } = setUp();
    registry.gauge(load).with({}).set(1);
    time.advance(25 * 60 * minute);
    const [found] = past(load.name, 25 * 60 * minute);
    assert.equal(found?.values.length, 720);
  });

  it("has a gap if no sample was taken, and a correct rate over the gap", () => {
    const { time, registry, ring, past } = setUp();
    const gauge = registry.gauge(load).with({});
    const counter = registry.counter(requests).with({ route: "a" });
    gauge.set(1);
    counter.add();
    time.advance(second);
    ring.stop();
    time.advance(4 * second);
    counter.add(8);
    ring.sample();
    assert.deepEqual(valuesOf(past(load.name, 4 * second), "value"), [1, null, null, null, 1]);
    assert.deepEqual(valuesOf(past(requests.name, 0), "rate"), [2]);
  });

  it("does not notice when the wall clock is set", () => {
    const { time, registry, past } = setUp();
    registry.gauge(load).with({}).set(1);
    time.advance(5 * second);
    time.jumpWallClock(-3_600_000);
    time.advance(5 * second);
    const [found] = past(load.name, 9 * second);
    assert.deepEqual(
      found?.values,
      Array.from({ length: 10 }, () => 1),
    );
    assert.equal(found?.fromMs, time.now() - 9 * second);
  });

  it("returns the series with the requested labels, or all series without labels", () => {
    const { time, registry, past } = setUp();
    const counter = registry.counter(requests);
    counter.with({ route: "a" }).add();
    counter.with({ route: "b" }).add();
    time.advance(second);
    assert.deepEqual(
      past(requests.name, second, { route: "b" }).map((series) => series.labels),
      [{ route: "b" }],
    );
    assert.equal(past(requests.name, second).length, 2);
    assert.equal(past("tutti_unknown", second).length, 0);
  });

  it("counts from before the ring started are not a rate", () => {
    const { time, past } = setUp({
      before: (registry) => {
        registry.counter(requests).with({ route: "a" }).add(1_000_000);
        const histogram = registry.histogram(duration).with({});
        for (let count = 0; count < 50; count += 1) histogram.observe(1);
      },
    });
    time.advance(second);
    assert.deepEqual(past(requests.name, second), []);
    assert.deepEqual(past(duration.name, second), []);
  });

  it("a new counter or histogram starts from zero, so the sum of its rates is its count", () => {
    const { time, registry, past } = setUp();
    const counter = registry.counter(requests);
    time.advance(2 * second);
    counter.with({ route: "a" }).add(4);
    registry.histogram(duration).with({}).observe(1.5);
    time.advance(3 * second);
    assert.deepEqual(valuesOf(past(requests.name, 4 * second), "rate"), [0, 0, 4, 0, 0]);
    assert.deepEqual(valuesOf(past(duration.name, 4 * second), "rate"), [0, 0, 1, 0, 0]);
    assert.equal(valuesOf(past(duration.name, 4 * second), "p50")?.[1], null);
  });

  it("an observed counter starts from its current value", () => {
    const { time, registry, past } = setUp();
    let ticks = 5000;
    registry.observeCounter({ name: "tutti_ticks_total", help: "Ticks." }, {}, () => ticks);
    time.advance(second);
    ticks += 7;
    time.advance(second);
    assert.deepEqual(valuesOf(past("tutti_ticks_total", 0), "rate"), [7]);
  });

  it("a removed series keeps its past and has no current value", () => {
    const { time, registry, past } = setUp();
    const stop = registry.gauge(load).observe({}, () => 1);
    time.advance(2 * second);
    stop();
    time.advance(2 * second);
    assert.deepEqual(valuesOf(past(load.name, 3 * second), "value"), [1, 1, null, null]);
  });
});

describe("memory of the ring", () => {
  const gaugeBytes = trackBytes("gauge", 0);
  /** The first series are the two gauges of the ring itself. */
  const own = 2;

  function many(count: number) {
    const set = setUp({ maxBytes: (own + 3) * gaugeBytes });
    const gauge = set.registry.gauge({ name: "tutti_things", help: "Things.", labels: ["thing"] });
    const stops = Array.from({ length: count }, (_, index) =>
      gauge.observe({ thing: `t${index}` }, () => index + 1),
    );
    set.time.advance(second);
    return { ...set, stops };
  }

  it("by default has room for two hundred histograms and eight hundred others in eight MiB", () => {
    const histogramBytes = trackBytes("histogram", 18);
    assert.ok(200 * histogramBytes + 800 * gaugeBytes <= 8 * 1024 * 1024);
  });

  it("is bounded: series without room are omitted, counted, and logged once", () => {
    const { time, past, logger } = many(10);
    time.advance(5 * second);
    assert.equal(past("tutti_things", second).length, 3);
    assert.equal(logger.messages("warn").length, 1);
    assert.deepEqual(valuesOf(past("tutti_telemetry_ring_untracked_series", 0), "value"), [7]);
    assert.deepEqual(valuesOf(past("tutti_telemetry_ring_bytes", 0), "value"), [(own + 3) * gaugeBytes]);
  });

  it("of removed series goes to waiting series", () => {
    const { time, past, stops } = many(4);
    stops[0]?.();
    time.advance(second);
    const labels = past("tutti_things", 0).map((series) => series.labels["thing"]);
    assert.deepEqual(labels.sort(), ["t1", "t2", "t3"]);
  });

  it("is not spent on gauges that have always been zero, and their past is zero", () => {
    const { time, registry, past } = setUp();
    const gauge = registry.gauge({ name: "tutti_things", help: "Things.", labels: ["thing"] });
    gauge.with({ thing: "a" }).set(0);
    time.advance(4 * second);
    assert.equal(valuesOf(past("tutti_telemetry_ring_bytes", 0), "value")?.[0], own * gaugeBytes);
    const [found] = past("tutti_things", 2 * second);
    assert.deepEqual([found?.labels, found?.values], [{ thing: "a" }, [0, 0, 0]]);
  });

  it("is used for a gauge once it is not zero, and its zeros before stay known", () => {
    const { time, registry, past } = setUp();
    time.advance(minute);
    const gauge = registry.gauge(load).with({});
    gauge.set(0);
    time.advance(4 * minute);
    gauge.set(8);
    time.advance(minute);
    const fine = valuesOf(past(load.name, 65 * second), "value");
    assert.deepEqual(
      fine,
      Array.from({ length: 66 }, (_, at) => (at < 6 ? 0 : 8)),
    );
    const known = valuesOf(past(load.name, 5 * minute), "value")?.filter((value) => value !== null);
    assert.equal(known?.length, 300);
    time.advance(7 * minute);
    const coarse = valuesOf(past(load.name, 12 * minute), "value");
    // The value changed in the middle of the third two minutes.
    assertNear(coarse?.[1], 0);
    assertNear(coarse?.[2], 4, 0.1);
    assertNear(coarse?.[3], 8);
  });

  it("is not used for the durations of the start-up", () => {
    const { time, registry, past } = setUp();
    const name = "tutti_orchestrator_step_duration_seconds";
    const labels = ["orchestrator", "pipeline", "step"] as const;
    const steps = registry.histogram({ name, help: "Steps.", labels, buckets: [1] });
    steps.with({ orchestrator: "a", pipeline: "start-up", step: "b" }).observe(1);
    steps.with({ orchestrator: "a", pipeline: "orders", step: "b" }).observe(1);
    time.advance(2 * second);
    assert.deepEqual([...new Set(past(name, second).map((series) => series.labels["pipeline"]))], ["orders"]);
  });

  it("is not spent on counters and histograms that never moved", () => {
    const { time, registry, past } = setUp();
    const counter = registry.counter(requests);
    for (const route of ["a", "b"]) counter.with({ route });
    registry.histogram(duration).with({});
    time.advance(second);
    const before = valuesOf(past("tutti_telemetry_ring_bytes", 0), "value")?.[0];
    assert.equal(before, own * gaugeBytes);
  });
});
