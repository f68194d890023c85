import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import fc from "fast-check";
import { parseExposition } from "../testing/exposition-parser.ts";
import { expose, formatFor } from "./exposition.ts";
import { MetricsRegistry } from "./registry.ts";

function sample(): MetricsRegistry {
  const registry = new MetricsRegistry({ logger: silentLogger });
  registry
    .counter({ name: "tutti_calls_total", help: "Calls.", labels: ["method"] })
    .with({ method: "get" })
    .add(3);
  registry.gauge({ name: "tutti_load_ratio", help: "Load." }).with({}).set(0.25);
  const duration = registry.histogram({
    name: "tutti_call_seconds",
    help: "Time.",
    labels: ["method"],
    buckets: [0.5, 1],
  });
  for (const seconds of [0.1, 0.7, 9]) duration.with({ method: "get" }).observe(seconds);
  return registry;
}

describe("the text format", () => {
  it("has help, type and samples of every metric, histograms with cumulative buckets", () => {
    assert.equal(
      expose(sample().families()),
      [
        "# HELP tutti_call_seconds Time.",
        "# TYPE tutti_call_seconds histogram",
        'tutti_call_seconds_bucket{method="get",le="0.5"} 1',
        'tutti_call_seconds_bucket{method="get",le="1.0"} 2',
        'tutti_call_seconds_bucket{method="get",le="+Inf"} 3',
        'tutti_call_seconds_sum{method="get"} 9.8',
        'tutti_call_seconds_count{method="get"} 3',
        "# HELP tutti_calls_total Calls.",
        "# TYPE tutti_calls_total counter",
        'tutti_calls_total{method="get"} 3',
        "# HELP tutti_load_ratio Load.",
        "# TYPE tutti_load_ratio gauge",
        "tutti_load_ratio 0.25",
        "",
      ].join("\n"),
    );
  });

  it("omits metrics without series", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    registry.counter({ name: "tutti_calls_total", help: "Calls.", labels: ["method"] });
    assert.equal(expose(registry.families()), "");
  });

  it("spells infinite values as Prometheus does", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const gauge = registry.gauge({ name: "tutti_things", help: "Things.", labels: ["kind"] });
    gauge.with({ kind: "a" }).set(Number.POSITIVE_INFINITY);
    gauge.with({ kind: "b" }).set(Number.NEGATIVE_INFINITY);
    gauge.with({ kind: "c" }).set(Number.NaN);
    const values = parseExposition(expose(registry.families()))
      .get("tutti_things")
      ?.samples.map(({ value }) => value);
    assert.deepEqual(values, [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
  });

  it("any label value, help and number is read back as it was", () => {
    const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
    const awkward = fc.oneof(
      anyText,
      fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=", "a") }),
    );
    fc.assert(
      fc.property(awkward, awkward, fc.double(), (value, help, number) => {
        fc.pre(help.trim() !== "");
        const registry = new MetricsRegistry({ logger: silentLogger });
        registry
          .gauge({ name: "tutti_things", help, labels: ["one", "two"] })
          .with({ one: value, two: "x" })
          .set(number);
        const family = parseExposition(expose(registry.families())).get("tutti_things");
        assert.equal(family?.help, help);
        assert.deepEqual(family?.samples, [
          { name: "tutti_things", labels: { one: value, two: "x" }, value: number === 0 ? 0 : number },
        ]);
      }),
    );
  });

  it("half a surrogate pair in a label value becomes the replacement character", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    registry
      .gauge({ name: "tutti_things", help: "x", labels: ["one"] })
      .with({ one: "a\ud800" })
      .set(1);
    assert.match(expose(registry.families()), /\{one="a\ufffd"\}/);
  });
});

describe("the OpenMetrics format", () => {
  it("names counters without their suffix and ends with EOF", () => {
    const lines = expose(sample().families(), "openmetrics").split("\n");
    assert.ok(lines.includes("# TYPE tutti_calls counter"));
    assert.ok(lines.includes('tutti_calls_total{method="get"} 3'));
    assert.deepEqual(lines.slice(-2), ["# EOF", ""]);
  });

  it("is used only if the request prefers it", () => {
    assert.equal(
      formatFor("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3"),
      "openmetrics",
    );
    assert.equal(formatFor("text/plain"), "prometheus");
    assert.equal(formatFor(undefined), "prometheus");
  });
});
