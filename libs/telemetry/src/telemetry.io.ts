import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Configuration, memorySources, Orchestrator, systemFoundation } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import {
  logSection,
  metricsSection,
  operationsSection,
  remoteWriteSection,
  tracingSection,
} from "./configuration.ts";
import { expose } from "./metrics/exposition.ts";
import { openTelemetry } from "./telemetry.ts";
import { sampleOf } from "./testing/exposition-parser.ts";
import { logLines } from "./testing/log-lines.ts";
import { otlpReceiver } from "./testing/otlp-receiver.ts";

const sections = [logSection, metricsSection, remoteWriteSection, tracingSection, operationsSection];
const never = new AbortController().signal;

async function setUp(
  t: TestContext,
  environment: Record<string, string> = {},
  files: Record<string, string> = {},
) {
  const time = new VirtualTime();
  const stream = logLines();
  const configuration = Configuration.load({ sections, sources: memorySources({ environment, files }) });
  const telemetry = await openTelemetry({
    configuration,
    service: "registry",
    instance: "ins_1",
    version: "1.2.3",
    clock: time,
    timers: time,
    chance: seededChance(1),
    stream,
  });
  t.after(() => telemetry.stop(AbortSignal.abort()));
  return { time, stream, configuration, telemetry };
}

describe("telemetry", () => {
  it("logs, counts and traces before it is started", async (t) => {
    const { stream, telemetry } = await setUp(t);
    telemetry.logger.info("starting");
    telemetry.metrics.counter({ name: "tutti_things_total", help: "Things." }).with({}).add();
    telemetry.tracer.start({ name: "call", kind: "client" }).end();
    assert.equal(stream.parsed()[0]?.["service"], "registry");
    assert.equal(sampleOf(expose(telemetry.metrics.families()), "tutti_things_total"), 1);
  });

  it("samples itself and its process after the start", async (t) => {
    const { time, telemetry } = await setUp(t);
    await telemetry.start();
    time.advance(3000);
    const [memory] = telemetry.ring.series("process_resident_memory_bytes", {}, time.now() - 2000);
    assert.equal(memory?.values.length, 3);
    assert.ok((memory?.values[0] ?? 0) > 1e6);
  });

  it("leaves no timer and no observer behind when it is stopped", async (t) => {
    const { time, telemetry } = await setUp(t);
    await telemetry.start();
    await telemetry.stop(never);
    assert.equal(time.pending, 0);
    assert.equal(sampleOf(expose(telemetry.metrics.families()), "process_resident_memory_bytes"), undefined);
    telemetry.logger.info("the last line");
  });

  it("has no ring if its memory is 0", async (t) => {
    const { time, telemetry } = await setUp(t, { TUTTI_METRICS_RING_MAX_BYTES: "0" });
    await telemetry.start();
    time.advance(3000);
    assert.deepEqual(telemetry.ring.series("process_resident_memory_bytes", {}, 0), []);
  });

  it("records no spans without a collector", async (t) => {
    const { telemetry } = await setUp(t);
    await telemetry.start();
    assert.deepEqual(telemetry.health(), { level: "healthy", reason: "" });
    const span = telemetry.tracer.start({ name: "call", kind: "client" });
    assert.equal(span.context.sampled, false);
  });

  it("is a component that orchestrators start and stop", async (t) => {
    const { time, telemetry } = await setUp(t);
    const { logger, metrics, tracer } = telemetry;
    const foundation = systemFoundation({ clock: time, timers: time, logger, metrics, tracer });
    const service = new Orchestrator("registry", foundation);
    service.register("telemetry", telemetry, { critical: false });
    await service.start();
    assert.equal(service.status().components[0]?.health.level, "healthy");
    await service.stop();
  });
});

describe("telemetry's configuration", () => {
  it("a level is configured, and a later change takes effect at once", async (t) => {
    const files = { "/tutti.yaml": "foundation: {log: {level: warn}}\n" };
    const { stream, configuration, telemetry } = await setUp(t, {}, files);
    await telemetry.start();
    const child = telemetry.logger.child({ component: "store" });
    child.info("not this");
    files["/tutti.yaml"] = "foundation: {log: {level: debug}}\n";
    assert.equal(configuration.reload().applied, true);
    child.debug("this");
    assert.deepEqual(
      stream.parsed().map((line) => line["msg"]),
      ["this"],
    );
  });

  it("a wrong level is refused with the name of its variable", () => {
    const sources = memorySources({ environment: { TUTTI_LOG_LEVEL: "loud" } });
    assert.throws(() => Configuration.load({ sections, sources }), /TUTTI_LOG_LEVEL/);
  });

  it("an endpoint that is no address is refused", () => {
    for (const endpoint of ["collector:4318", "ftp://collector", "4318"]) {
      const sources = memorySources({ environment: { TUTTI_TRACING_OTLP_ENDPOINT: endpoint } });
      assert.throws(() => Configuration.load({ sections, sources }), /TUTTI_TRACING_OTLP_ENDPOINT/, endpoint);
    }
  });

  it("spans and metrics go to the configured collector, with its secret headers, until the stop", async (t) => {
    await using receiver = await otlpReceiver();
    const { stream, telemetry } = await setUp(t, {
      TUTTI_TRACING_OTLP_ENDPOINT: receiver.endpoint,
      TUTTI_TRACING_HEADERS: "x-api-key=env:COLLECTOR_KEY",
      COLLECTOR_KEY: "s3cret",
    });
    await telemetry.start();
    const parent = telemetry.tracer.start({ name: "StartRun", kind: "server" });
    const child = telemetry.tracer.start({ name: "Append", kind: "client", parent: parent.context });
    child.end();
    parent.end();
    await telemetry.stop(never);
    assert.deepEqual(
      receiver.spans.map((span) => [span.name, span.parentSpanId]),
      [
        ["Append", parent.context.spanId],
        ["StartRun", ""],
      ],
    );
    assert.equal(receiver.spans[0]?.resource["service.version"], "1.2.3");
    assert.ok(receiver.metrics[0]?.some((metric) => metric.name === "process_cpu_seconds_total"));
    assert.equal(receiver.headers[0]?.["x-api-key"], "s3cret");
    assert.ok(!stream.raw.join("").includes("s3cret"));
  });

  it("the share of recorded traces can be changed while it runs", async (t) => {
    await using receiver = await otlpReceiver();
    const files = { "/tutti.yaml": "foundation: {tracing: {sampleRatio: 0}}\n" };
    const { configuration, telemetry } = await setUp(
      t,
      { TUTTI_TRACING_OTLP_ENDPOINT: receiver.endpoint },
      files,
    );
    await telemetry.start();
    assert.equal(telemetry.tracer.start({ name: "call", kind: "client" }).context.sampled, false);
    files["/tutti.yaml"] = "foundation: {tracing: {sampleRatio: 1}}\n";
    configuration.reload();
    assert.equal(telemetry.tracer.start({ name: "call", kind: "client" }).context.sampled, true);
  });

  it("a secret that was changed is used from the next request on", async (t) => {
    await using receiver = await otlpReceiver();
    const environment = {
      TUTTI_TRACING_OTLP_ENDPOINT: receiver.endpoint,
      TUTTI_TRACING_HEADERS: "x-api-key=env:COLLECTOR_KEY",
      COLLECTOR_KEY: "old",
    };
    const { telemetry } = await setUp(t, environment);
    await telemetry.start();
    await telemetry.flush();
    environment.COLLECTOR_KEY = "new";
    await telemetry.flush();
    assert.deepEqual(
      receiver.headers.map((headers) => headers["x-api-key"]),
      ["old", "new"],
    );
  });

  it("an unavailable secret fails the start, and leaves nothing running", async (t) => {
    const environment: Record<string, string> = {
      TUTTI_TRACING_OTLP_ENDPOINT: "http://127.0.0.1:1",
      TUTTI_TRACING_HEADERS: "x-api-key=env:COLLECTOR_KEY",
      COLLECTOR_KEY: "s3cret",
    };
    const { time, telemetry } = await setUp(t, environment);
    delete environment["COLLECTOR_KEY"];
    await assert.rejects(telemetry.start(), { code: "kernel.secret_unavailable" });
    assert.equal(time.pending, 0);
  });

  it("a collector that refuses telemetry makes it degraded, not unhealthy", async (t) => {
    await using receiver = await otlpReceiver();
    receiver.answer = 403;
    const { telemetry } = await setUp(t, { TUTTI_TRACING_OTLP_ENDPOINT: receiver.endpoint });
    await telemetry.start();
    await telemetry.flush();
    assert.equal(telemetry.health().level, "degraded");
  });
});
