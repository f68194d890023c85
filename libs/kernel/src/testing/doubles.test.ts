import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, latch } from "./latch.ts";
import { recordingLogger } from "./recording-logger.ts";
import { recordingMetrics } from "./recording-metrics.ts";
import { recordingTracer } from "./recording-tracer.ts";
import { seededChance } from "./seeded-chance.ts";
import { testContext } from "./test-context.ts";

describe("seededChance", () => {
  const firstOf = (seed: number) => {
    const chance = seededChance(seed);
    return [chance.random(), chance.random(), ...chance.fill(new Uint8Array(5))];
  };

  it("repeats its values for a seed, and differs for neighbouring seeds", () => {
    assert.deepEqual(firstOf(7), firstOf(7));
    const seen = new Set([0, 1, 2, -1, 2 ** 40, 2 ** 40 + 1].map((seed) => firstOf(seed).join()));
    assert.equal(seen.size, 6);
  });

  it("spreads evenly over [0, 1) and over all bytes", () => {
    const chance = seededChance(1);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 10_000; draw++) {
      const tenth = Math.floor(chance.random() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    assert.equal(tenths.length, 10);
    for (const count of tenths) assert.ok(count > 850 && count < 1_150, `expected about 1000, got ${count}`);
    assert.equal(new Set(chance.fill(new Uint8Array(8_192))).size, 256);
  });
});

describe("recordingLogger", () => {
  it("records lines of children with the fields of both, in order", () => {
    const logger = recordingLogger();
    const child = logger.child({ service: "billing" });
    child.info("started", { tookMs: 3 });
    logger.warn("slow");
    assert.deepEqual(logger.lines, [
      { level: "info", message: "started", fields: { service: "billing", tookMs: 3 } },
      { level: "warn", message: "slow", fields: {} },
    ]);
    assert.deepEqual(logger.messages("warn"), ["slow"]);
    assert.equal(logger.line("started").fields["tookMs"], 3);
    assert.throws(() => logger.line("stopped"), /expected one line "stopped", got 0 among/);
  });
});

describe("recordingMetrics", () => {
  const calls = { name: "tutti_calls_total", help: "Calls.", labels: ["outcome"] } as const;

  it("adds up by label values, across all callers that requested the instrument", () => {
    const metrics = recordingMetrics();
    metrics.counter(calls).with({ outcome: "ok" }).add();
    metrics.counter(calls).with({ outcome: "ok" }).add(2);
    assert.equal(metrics.value("tutti_calls_total", { outcome: "ok" }), 3);
    assert.equal(metrics.value("tutti_calls_total", { outcome: "failed" }), 0);
    assert.deepEqual(metrics.series(), ['tutti_calls_total{outcome="ok"}']);
  });

  it("reads gauges on request, and records the observations of histograms", () => {
    const metrics = recordingMetrics();
    const gauge = metrics.gauge({ name: "tutti_open", help: "Open." });
    const stop = gauge.observe({}, () => 5);
    assert.equal(metrics.value("tutti_open"), 5);
    stop();
    assert.equal(metrics.value("tutti_open"), 0);
    metrics.histogram({ name: "tutti_wait_seconds", help: "Wait." }).with({}).observe(0.5);
    assert.deepEqual(metrics.observations("tutti_wait_seconds"), [0.5]);
  });

  const refused: readonly [string, (metrics: ReturnType<typeof recordingMetrics>) => unknown, RegExp][] = [
    ["a counter without _total", (m) => m.counter({ name: "tutti_calls", help: "" }), /_total/],
    ["a gauge with _total", (m) => m.gauge({ name: "tutti_calls_total", help: "" }), /_total/],
    ["a name in camel case", (m) => m.gauge({ name: "tuttiCalls", help: "" }), /snake case/],
    ["a falling counter", (m) => m.counter(calls).with({ outcome: "ok" }).add(-1), /cannot grow by -1/],
    [
      "one name with two meanings",
      (m) => [m.counter(calls), m.counter({ ...calls, help: "" })],
      /another counter/,
    ],
    ["reading an undeclared metric", (m) => m.value("tutti_other"), /declared are none/],
  ];
  for (const [title, act, message] of refused) {
    it(`refuses ${title}`, () => assert.throws(() => act(recordingMetrics()), message));
  }
});

describe("recordingTracer", () => {
  it("passes the trace from parent to child, and records how spans ended", () => {
    const tracer = recordingTracer();
    const parent = tracer.start({ name: "call", kind: "client" });
    const child = tracer.start({ name: "serve", kind: "server", parent: parent.context });
    child.set({ items: 2 });
    child.end("broken");
    assert.equal(child.context.traceId, parent.context.traceId);
    assert.notEqual(child.context.spanId, parent.context.spanId);
    assert.deepEqual(
      tracer.spans.map((span) => span.ended),
      [false, true],
    );
    assert.deepEqual([tracer.spans[1]?.attributes, tracer.spans[1]?.error], [{ items: 2 }, "broken"]);
  });
});

describe("testContext", () => {
  it("calls as the local administrator without a deadline by default", () => {
    const context = testContext({ namespace: "team-a" });
    assert.equal(context.namespace, "team-a");
    assert.equal(context.principal.id, "local-admin");
    assert.equal(context.deadlineMs, Number.POSITIVE_INFINITY);
    assert.equal(context.signal.aborted, false);
  });
});

describe("latch and gate", () => {
  it("a latch opens once for all waiting callers", async () => {
    const shared = latch();
    assert.equal(shared.isOpen, false);
    shared.open();
    shared.open();
    await shared.opened;
    assert.equal(shared.isOpen, true);
  });

  it("a gate blocks all callers, reports their arrival, and admits them in order", async () => {
    const turnstile = gate();
    const through: string[] = [];
    const runners = ["a", "b", "c"].map(async (name) => {
      await turnstile.pass();
      through.push(name);
    });
    await turnstile.arrivals(3);
    assert.equal(turnstile.waiting, 3);
    turnstile.release();
    await runners[0];
    assert.deepEqual(through, ["a"]);
    turnstile.open();
    await Promise.all(runners);
    await turnstile.pass();
    assert.deepEqual(through, ["a", "b", "c"]);
    turnstile.close();
    const late = turnstile.pass();
    await turnstile.arrivals(5);
    assert.equal(turnstile.waiting, 1);
    turnstile.release();
    await late;
  });
});
