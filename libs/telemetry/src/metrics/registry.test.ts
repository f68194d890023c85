import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import { sampleOf } from "../testing/exposition-parser.ts";
import { expose } from "./exposition.ts";
import { MetricsRegistry } from "./registry.ts";

const calls = { name: "tutti_test_calls_total", help: "Calls.", labels: ["method", "status"] } as const;
const depth = { name: "tutti_test_queue_depth", help: "Depth." } as const;

function scrape(
  registry: MetricsRegistry,
  name: string,
  labels?: Record<string, string>,
): number | undefined {
  return sampleOf(expose(registry.families()), name, labels);
}

describe("the metrics registry", () => {
  it("the same label values share a cell, and other values have another cell", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const counter = registry.counter(calls);
    counter.with({ method: "get", status: "ok" }).add();
    counter.with({ status: "ok", method: "get" }).add();
    counter.with({ method: "get", status: "failed" }).add(5);
    assert.equal(scrape(registry, calls.name, { method: "get", status: "ok" }), 2);
    assert.equal(scrape(registry, calls.name, { method: "get", status: "failed" }), 5);
  });

  it("label values with the same concatenation have different cells", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const counter = registry.counter(calls);
    assert.notEqual(
      counter.with({ method: "a", status: "1:b" }),
      counter.with({ method: "a1:", status: "b" }),
    );
    assert.notEqual(counter.with({ method: "a1:b", status: "" }), counter.with({ method: "a", status: "b" }));
  });

  it("a repeated identical declaration returns the same metric", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    registry.counter(calls).with({ method: "get", status: "ok" }).add();
    registry.counter(calls).with({ method: "get", status: "ok" }).add();
    assert.equal(scrape(registry, calls.name, { method: "get", status: "ok" }), 2);
  });

  it("declared twice in other words it is refused, and the error has both", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    registry.counter(calls);
    assert.throws(
      () => registry.counter({ ...calls, labels: ["method"] }),
      /tutti_test_calls_total is declared as a counter with the labels method, and was before as a counter with the labels method, status/,
    );
    registry.histogram({ name: "tutti_test_seconds", help: "Time.", buckets: [1, 2] });
    assert.throws(
      () => registry.histogram({ name: "tutti_test_seconds", help: "Time.", buckets: [1, 3] }),
      /before/,
    );
  });

  it("a bad name, help or bucket is refused when the metric is declared", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    assert.throws(
      () => registry.counter({ name: "tutti_calls", help: "x" }),
      /tutti_calls cannot be declared: .*_total/,
    );
    assert.throws(
      () => registry.histogram({ name: "tutti_a_seconds", help: "x", buckets: [2, 1] }),
      /ascending/,
    );
  });

  it("an observed gauge is read on request, and removed when its last observer stops", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    let value = 3;
    const stop = registry.gauge(depth).observe({}, () => value);
    const stopOther = registry.gauge(depth).observe({}, () => 1);
    value = 4;
    assert.equal(scrape(registry, depth.name), 5);
    stop();
    assert.equal(scrape(registry, depth.name), 1);
    stopOther();
    assert.equal(scrape(registry, depth.name), undefined);
  });

  it("stopping twice does not remove a later observer", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const stop = registry.gauge(depth).observe({}, () => 1);
    stop();
    registry.gauge(depth).observe({}, () => 2);
    stop();
    assert.equal(scrape(registry, depth.name), 2);
  });

  it("an observed counter is read on request", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    let ticks = 1;
    const stop = registry.observeCounter({ name: "tutti_test_ticks_total", help: "Ticks." }, {}, () => ticks);
    ticks = 7;
    assert.equal(scrape(registry, "tutti_test_ticks_total"), 7);
    stop();
    assert.equal(scrape(registry, "tutti_test_ticks_total"), undefined);
  });

  it("each added or removed series changes the revision, and recording does not", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const seen = [registry.revision];
    const cell = registry.counter(calls).with({ method: "get", status: "ok" });
    seen.push(registry.revision);
    cell.add();
    assert.equal(registry.revision, seen[1]);
    registry.gauge(depth).observe({}, () => 1)();
    seen.push(registry.revision);
    assert.equal(new Set(seen).size, 3);
  });
});

describe("a metric with more label sets than it may have", () => {
  const labelSetsMax = 3;

  function overflown() {
    const logger = recordingLogger();
    const registry = new MetricsRegistry({ logger, labelSetsMax });
    const counter = registry.counter(calls);
    for (let index = 0; index < 10; index += 1) counter.with({ method: `m${index}`, status: "ok" }).add();
    return { logger, registry, counter };
  }

  it("counts the rest under other, so that the sum is right", () => {
    const { registry } = overflown();
    assert.equal(scrape(registry, calls.name, { method: "m2", status: "ok" }), 1);
    assert.equal(scrape(registry, calls.name, { method: "m3", status: "ok" }), undefined);
    assert.equal(scrape(registry, calls.name, { method: "other", status: "other" }), 7);
  });

  it("continues to serve the label sets it knows", () => {
    const { registry, counter } = overflown();
    counter.with({ method: "m0", status: "ok" }).add();
    assert.equal(scrape(registry, calls.name, { method: "m0", status: "ok" }), 2);
  });

  it("counts refused label sets, and logs a warning once", () => {
    const { registry, logger } = overflown();
    assert.equal(scrape(registry, "tutti_telemetry_refused_label_sets_total", { metric: calls.name }), 7);
    assert.equal(logger.messages("warn").length, 1);
    assert.deepEqual(logger.lines[0]?.fields, { metric: calls.name, labelSetsMax });
  });

  it("a removed observed series makes room for another", () => {
    const registry = new MetricsRegistry({ logger: silentLogger, labelSetsMax: 1 });
    const gauge = registry.gauge({ name: "tutti_test_states", help: "States.", labels: ["target"] });
    const stop = gauge.observe({ target: "a" }, () => 1);
    const stopRefused = gauge.observe({ target: "b" }, () => 1);
    stopRefused();
    stop();
    gauge.observe({ target: "c" }, () => 2);
    assert.equal(scrape(registry, "tutti_test_states", { target: "c" }), 2);
  });

  it("more overflowing metrics than the counter of refusals has room for do no harm", () => {
    const registry = new MetricsRegistry({ logger: silentLogger, labelSetsMax: 1 });
    for (const word of ["one", "two", "three"]) {
      const counter = registry.counter({ name: `tutti_${word}_total`, help: "x", labels: ["label"] });
      for (const label of ["x", "y", "z"]) counter.with({ label }).add();
    }
    assert.equal(scrape(registry, "tutti_three_total", { label: "other" }), 2);
  });
});
