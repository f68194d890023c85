import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { expose } from "../metrics/exposition.ts";
import { MetricsRegistry } from "../metrics/registry.ts";
import { sampleOf } from "../testing/exposition-parser.ts";
import { type OtlpReceiver, otlpReceiver } from "../testing/otlp-receiver.ts";
import { TelemetryTracer } from "../tracing/tracer.ts";
import { OtlpExporter } from "./otlp-exporter.ts";

const never = new AbortController().signal;

function exporterTo(endpoint: string, t: TestContext) {
  const time = new VirtualTime();
  const logger = recordingLogger();
  const registry = new MetricsRegistry({ logger });
  const exporter = new OtlpExporter({
    endpoint,
    headers: async () => ({ authorization: "Bearer a-test" }),
    service: "registry",
    instance: "ins_1",
    version: "1.2.3",
    metricsIntervalMs: 10_000,
    registry,
    logger,
    clock: time,
    timers: time,
  });
  const tracer = new TelemetryTracer({ clock: time, chance: seededChance(1) });
  tracer.recordInto(exporter, 1);
  t.after(() => exporter.stop(AbortSignal.abort()));
  const count = (name: string, labels?: Record<string, string>) =>
    sampleOf(expose(registry.families()), name, labels);
  return { time, logger, registry, exporter, tracer, count };
}

async function setUp(t: TestContext) {
  const receiver = await otlpReceiver();
  t.after(() => receiver[Symbol.asyncDispose]());
  return { receiver, ...exporterTo(receiver.endpoint, t) };
}

/** Returns an address without a listener. */
async function emptyAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

function metric(receiver: OtlpReceiver, name: string) {
  return receiver.metrics.at(-1)?.find((each) => each.name === name);
}

describe("export to a collector", () => {
  it("spans arrive with ids, parents, kinds, times, attributes and their sender", async (t) => {
    const { receiver, exporter, tracer, time } = await setUp(t);
    const parent = tracer.start({
      name: "StartRun",
      kind: "server",
      attributes: { method: "StartRun", cached: false },
    });
    time.advance(3);
    const child = tracer.start({
      name: "Append",
      kind: "client",
      parent: parent.context,
      attributes: { bytes: 12 },
    });
    time.advance(1.25);
    child.end();
    parent.end();
    await exporter.flush();
    const [append, startRun] = receiver.spans;
    assert.deepEqual(append, {
      name: "Append",
      kind: "client",
      traceId: parent.context.traceId,
      spanId: child.context.spanId,
      parentSpanId: parent.context.spanId,
      startMs: time.now() - 1.25,
      endMs: time.now(),
      attributes: { bytes: 12 },
      links: [],
      status: "unset",
      statusMessage: "",
      resource: {
        "service.name": "registry",
        "service.namespace": "tutti",
        "service.instance.id": "ins_1",
        "service.version": "1.2.3",
        "process.pid": process.pid,
      },
    });
    assert.equal(startRun?.parentSpanId, "");
    assert.equal(startRun?.kind, "server");
    assert.deepEqual(startRun?.attributes, { method: "StartRun", cached: false });
    assert.equal(startRun?.endMs, (startRun?.startMs ?? 0) + 4.25);
  });

  it("a span reported after its end arrives with its own times, id and links", async (t) => {
    const { receiver, exporter, tracer } = await setUp(t);
    const root = { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: true };
    const [context, other] = ["3", "4"].map((digit) => ({ ...root, spanId: digit.repeat(16) }));
    assert.ok(context !== undefined && other !== undefined && tracer.isRecording);
    const past = {
      name: "attempt ship",
      kind: "client",
      parent: root,
      startMs: 1_000,
      endMs: 1_250,
    } as const;
    const attributes = { "tutti.task.id": "ship", password: "hunter2" };
    tracer.record({ ...past, context, links: [other], attributes, error: new Error("it broke") });
    tracer.record({ ...past, context: { ...context, sampled: false } });
    await exporter.flush();
    const [span, ...others] = receiver.spans;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [span?.traceId, span?.spanId, span?.parentSpanId, span?.startMs, span?.endMs, span?.links],
      [root.traceId, context.spanId, root.spanId, 1_000, 1_250, [other.spanId]],
    );
    assert.deepEqual([span?.status, span?.statusMessage], ["error", "it broke"]);
    assert.deepEqual(span?.attributes, {
      ...{ "tutti.task.id": "ship", password: "[redacted]", "error.type": "Error" },
    });
  });

  it("a failed span arrives as failed, with the error's code and message", async (t) => {
    const { receiver, exporter, tracer } = await setUp(t);
    const error = new TuttiError({
      code: "mesh.no_instance",
      status: "UNAVAILABLE",
      message: "nobody there",
    });
    tracer.start({ name: "Call", kind: "client" }).end(error);
    await exporter.flush();
    const [span] = receiver.spans;
    assert.equal(span?.status, "error");
    assert.equal(span?.statusMessage, "nobody there");
    assert.deepEqual(span?.attributes, { "error.type": "mesh.no_instance" });
  });

  it("counters, gauges and histograms arrive with their labels, units and buckets", async (t) => {
    const { receiver, exporter, registry } = await setUp(t);
    registry
      .counter({ name: "tutti_calls_total", help: "Calls.", labels: ["method"] })
      .with({ method: "get" })
      .add(3);
    registry.gauge({ name: "tutti_buffer_bytes", help: "Buffer." }).with({}).set(0.5);
    const durations = registry
      .histogram({ name: "tutti_call_seconds", help: "Time.", buckets: [0.5, 1] })
      .with({});
    for (const seconds of [0.25, 0.75, 9]) durations.observe(seconds);
    await exporter.flush();
    const counter = metric(receiver, "tutti_calls_total");
    assert.equal(counter?.kind, "sum");
    assert.equal(counter?.monotonic, true);
    assert.equal(counter?.cumulative, true);
    assert.deepEqual(counter?.points[0]?.attributes, { method: "get" });
    assert.equal(counter?.points[0]?.value, 3);
    assert.equal(metric(receiver, "tutti_buffer_bytes")?.unit, "By");
    assert.equal(metric(receiver, "tutti_buffer_bytes")?.points[0]?.value, 0.5);
    const histogram = metric(receiver, "tutti_call_seconds");
    assert.equal(histogram?.unit, "s");
    assert.deepEqual(histogram?.points[0], {
      attributes: {},
      value: 0,
      count: 3,
      sum: 10,
      bucketCounts: [1, 1, 1],
      bounds: [0.5, 1],
    });
  });

  it("metrics are sent by themselves, at the configured interval", async (t) => {
    const { receiver, time } = await setUp(t);
    const arrived = receiver.nextRequest();
    time.advance(10_000);
    await arrived;
    assert.equal(receiver.metrics.length, 1);
  });

  it("every request carries the configured headers", async (t) => {
    const { receiver, exporter, tracer } = await setUp(t);
    tracer.start({ name: "Call", kind: "client" }).end();
    await exporter.flush();
    assert.equal(receiver.headers.length, 2);
    for (const headers of receiver.headers) assert.equal(headers.authorization, "Bearer a-test");
  });

  it("stopping sends the pending telemetry, and later telemetry is dropped", async (t) => {
    const { receiver, exporter, tracer } = await setUp(t);
    tracer.start({ name: "Last", kind: "client" }).end();
    await exporter.stop(never);
    tracer.start({ name: "Late", kind: "client" }).end();
    await exporter.flush();
    assert.deepEqual(
      receiver.spans.map((span) => span.name),
      ["Last"],
    );
  });
});

describe("a collector that is not there", () => {
  it("that refuses is logged once, and once more when it accepts telemetry again", async (t) => {
    const { receiver, exporter, tracer, logger, count } = await setUp(t);
    receiver.answer = 403;
    for (const name of ["One", "Two"]) {
      tracer.start({ name, kind: "client" }).end();
      await exporter.flush();
    }
    assert.equal(exporter.failing, true);
    assert.deepEqual(
      logger.lines
        .filter((line) => line.level === "warn")
        .map((line) => line.fields["signal"])
        .sort(),
      ["metrics", "traces"],
    );
    assert.equal(count("tutti_telemetry_exports_total", { signal: "traces", outcome: "failed" }), 2);
    receiver.answer = 200;
    tracer.start({ name: "Three", kind: "client" }).end();
    await exporter.flush();
    assert.equal(exporter.failing, false);
    assert.equal(logger.messages("info").length, 2);
    assert.equal(receiver.spans.length, 1);
  });

  it("that does not reply neither blocks nor throws, and costs at most its queue", async (t) => {
    const { exporter, tracer, count } = exporterTo(await emptyAddress(), t);
    for (let number = 0; number < 10_000; number += 1) tracer.start({ name: "Call", kind: "client" }).end();
    assert.ok((count("tutti_telemetry_dropped_spans_total") ?? 0) >= 10_000 - 4096 - 512);
    await exporter.stop(AbortSignal.abort());
  });

  it("that hangs is waited for at a stop until time is up, and its requests are ended", async (t) => {
    const { receiver, exporter, tracer, time } = await setUp(t);
    receiver.answer = undefined;
    tracer.start({ name: "Call", kind: "client" }).end();
    const requested = receiver.nextRequest();
    let stopped = false;
    const stopping = exporter.stop(never).then(() => {
      stopped = true;
    });
    await requested;
    await time.advanceAsync(1999);
    assert.equal(stopped, false);
    await time.advanceAsync(1);
    await stopping;
  });

  it("that is known to be away is not waited for at a stop", async (t) => {
    const { receiver, exporter, tracer } = await setUp(t);
    receiver.answer = 403;
    tracer.start({ name: "One", kind: "client" }).end();
    await exporter.flush();
    receiver.answer = undefined;
    tracer.start({ name: "Two", kind: "client" }).end();
    await exporter.stop(never);
    assert.equal(receiver.spans.length, 0);
  });
});
