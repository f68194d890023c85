import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import {
  type OtlpReceiver,
  otlpGrpcReceiver,
  otlpReceiver,
  type ReceivedSpan,
} from "@tutti/telemetry/testing";
import { makeFolder, type Service, start } from "./support/services.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const outermost = "00f067aa0ba902b7";

const parcel = `workflow: parcel
tasks:
  box: {uses: ship.box}
`;

type Receiver = Omit<OtlpReceiver, "answer">;

async function platformWith(environment: Record<string, string>, ...flags: readonly string[]) {
  const folder = await makeFolder();
  const platform = await start("platform", [`--platform.dataDirectory=${folder.path}/data`, ...flags], {
    environment: { OTEL_BSP_SCHEDULE_DELAY: "50", ...environment },
  });
  return {
    platform,
    async [Symbol.asyncDispose]() {
      await platform.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Runs one workflow on a worker, as a part of the trace in the headers. */
async function ship(platform: Service, headers: Record<string, string>): Promise<AsyncDisposable> {
  const post = async (path: string, body: object, more: Record<string, string> = {}) => {
    const answer = await fetch(`${platform.http}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...more },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.clone().text());
  };
  const worker = new Worker(
    { address: platform.grpc, server: platform.http, agentId: "worker", handleSignals: false },
    { logger: recordingLogger() },
  );
  worker.handle("ship.box", async (_input, { workId }) => {
    // Waits until the start is recorded, because a quicker attempt has no span.
    for (;;) {
      const timeline = await fetch(`${platform.http}/v1/runs/${workId}/timeline`);
      const { spans } = (await timeline.json()) as { readonly spans: readonly { readonly kind: string }[] };
      if (spans.some(({ kind }) => kind === "attempt")) return {};
    }
  });
  await worker.start();
  await post("/v1/workflows", { text: parcel });
  await post("/v1/runs", { definition: "parcel" }, headers);
  return { [Symbol.asyncDispose]: () => worker.stop() };
}

async function spanNamed(collector: Receiver, name: string): Promise<ReceivedSpan> {
  for (;;) {
    const found = collector.spans.find((span) => span.name === name);
    if (found !== undefined) return found;
    await collector.nextRequest();
  }
}

async function metricNamed(collector: Receiver, name: string) {
  for (;;) {
    const found = collector.metrics.flat().find((metric) => metric.name === name);
    if (found !== undefined) return found;
    await collector.nextRequest();
  }
}

const w3c = { traceparent: `00-${traceId}-${outermost}-01` };

describe("a platform whose environment has OTEL_* variables", () => {
  for (const [protocol, receiver] of [
    ["http/protobuf", otlpReceiver],
    ["grpc", otlpGrpcReceiver],
  ] as const)
    it(`sends the trace of a run through services and worker, and its metrics, by ${protocol}`, async () => {
      await using collector: Receiver & AsyncDisposable = await receiver();
      await using started = await platformWith({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_HEADERS: "x-team=orders",
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.version=9",
        OTEL_SERVICE_NAME: "shop",
        OTEL_METRIC_EXPORT_INTERVAL: "300",
      });
      await using _worker = await ship(started.platform, w3c);
      const root = await spanNamed(collector, "POST /v1/runs");
      const run = await spanNamed(collector, "run parcel");
      const attempt = await spanNamed(collector, "attempt box");
      assert.deepEqual([root.traceId, run.traceId, attempt.traceId], [traceId, traceId, traceId]);
      assert.equal(root.parentSpanId, outermost);
      assert.equal(attempt.parentSpanId, run.spanId);
      assert.equal(attempt.attributes["tutti.agent.id"], "worker");
      const resource = attempt.resource;
      assert.deepEqual(
        ["service.name", "service.version", "deployment.environment.name", "service.namespace"].map(
          (name) => resource[name],
        ),
        ["shop", "9", "test", "tutti"],
      );
      const metric = await metricNamed(collector, "process_uptime_seconds");
      assert.equal(metric.unit, "s");
      for (const headers of collector.headers) assert.equal(headers["x-team"], "orders");
    });

  it("joins traces in the formats of OTEL_PROPAGATORS, and samples by OTEL_TRACES_SAMPLER", async () => {
    await using collector = await otlpReceiver();
    await using started = await platformWith({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/v1/traces`,
      OTEL_METRICS_EXPORTER: "none",
      OTEL_PROPAGATORS: "b3",
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "1",
    });
    await using _worker = await ship(started.platform, { b3: `${traceId}-${outermost}-1` });
    const root = await spanNamed(collector, "POST /v1/runs");
    await spanNamed(collector, "attempt box");
    assert.equal(root.parentSpanId, outermost);
    assert.equal(Object.keys(root.attributes).length, 1);
    // Spans without a parent, such as the request that registered the workflow, are not recorded.
    assert.deepEqual([...new Set(collector.spans.map((span) => span.traceId))], [traceId]);
    assert.equal(collector.metrics.length, 0);
  });

  it("sends counters as differences if they are preferred, next to a configured collector", async () => {
    await using collector = await otlpReceiver();
    await using _started = await platformWith(
      {
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
        OTEL_METRIC_EXPORT_INTERVAL: "200",
        OTEL_TRACES_EXPORTER: "none",
      },
      `--tracing.otlpEndpoint=${collector.endpoint}`,
    );
    const counter = await metricNamed(collector, "process_cpu_seconds_total");
    assert.deepEqual([counter.kind, counter.cumulative], ["sum", false]);
    assert.equal(collector.spans.length, 0);
  });

  it("sends nothing if OTEL_SDK_DISABLED is true, also to a configured collector", async () => {
    await using collector = await otlpReceiver();
    await using started = await platformWith(
      { OTEL_SDK_DISABLED: "true", OTEL_METRIC_EXPORT_INTERVAL: "200" },
      `--tracing.otlpEndpoint=${collector.endpoint}`,
    );
    {
      await using _worker = await ship(started.platform, w3c);
    }
    await started.platform.stop();
    assert.deepEqual([collector.spans.length, collector.metrics.length], [0, 0]);
  });
});

describe("the gateway accepts metrics by OTLP", () => {
  it("of an exporter of OpenTelemetry, and of other programs in JSON", async () => {
    await using receiver = await platformWith({});
    const { http } = receiver.platform;
    await using _exporting = await platformWith({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${http}/v1/otlp/v1/metrics`,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_SERVICE_NAME: "another",
    });
    const lines = async (metric: string) => {
      // A round of the recorder records the sent values.
      const found = await fetch(`${http}/v1/metrics/series?namespace=default&name=${metric}`);
      return JSON.stringify(await found.json());
    };
    await until("metrics of the other platform", async () =>
      (await lines("process_uptime_seconds")).includes('"service":"another"'),
    );

    const post = (body: string, type = "application/json", path = "/v1/otlp/v1/metrics") =>
      fetch(`${http}${path}`, { method: "POST", headers: { "content-type": type }, body });
    const point = { timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}`, asInt: "7" };
    const gauge = { name: "queue.size", gauge: { dataPoints: [point, { asInt: "7" }] } };
    const answer = await post(
      JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [gauge] }] }] }),
      "application/json",
      "/v1/otlp/namespaces/default/v1/metrics",
    );
    assert.deepEqual(await answer.json(), {
      partialSuccess: { rejectedDataPoints: "1", errorMessage: "queue.size: expected a time" },
    });
    await until("the gauge", async () => (await lines("queue_size")).includes("7"));

    const statuses = [
      await post("{"),
      await post("x", "text/plain"),
      await post("\xff", "application/x-protobuf"),
    ];
    assert.deepEqual(
      statuses.map(({ status }) => status),
      [400, 415, 400],
    );
  });
});
