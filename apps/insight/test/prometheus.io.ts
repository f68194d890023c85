import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  Aggregation,
  ListMetricsRequest,
  MetricKind,
  MetricSource,
  QuerySeriesRequest,
  RecordMeasuresRequest,
  type Series,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { type MetricProcess, metricHandlers } from "@tutti/host";
import {
  Configuration,
  memorySources,
  systemChance,
  systemClock,
  systemTimers,
  toTimestamp,
} from "@tutti/kernel";
import { testContext, testFoundation, VirtualTime } from "@tutti/kernel/testing";
import {
  logSection,
  metricsSection,
  openTelemetry,
  remoteWriteSection,
  tracingSection,
} from "@tutti/telemetry";
import { needsProgram } from "../../../tools/programs.mjs";
import { startPrometheus } from "../../../tools/prometheus.mjs";
import { metricsHandlers } from "../src/api/metrics.ts";
import { measuredOf } from "../src/series/measured.ts";
import { PrometheusSeries } from "../src/series/prometheus/prometheus-series.ts";
import { UserSeries } from "../src/series/prometheus/user-series.ts";
import { Recorder } from "../src/series/recorder.ts";
import { SeriesThread } from "../src/series/thread/series-thread.ts";
import { slotMs } from "../src/series/time.ts";

const prometheus = await needsProgram("prometheus");
const bounds = { seriesMax: 1_000, seriesOfMetricMax: 100 };
const slots = 36;
const namespaces = ["system", "shop"] as const;

/** Compares with a tolerance, because the store keeps four digits. */
function isClose(one: number, other: number): boolean {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) && Number.isNaN(other);
  return Math.abs(one - other) <= 0.001 * Math.max(Math.abs(one), Math.abs(other), 1e-9);
}

const keyOf = ({ labels }: Series) => JSON.stringify(Object.entries(labels).sort());

const { AGGREGATION_RATE, AGGREGATION_INCREASE, AGGREGATION_QUANTILE, AGGREGATION_LAST } = Aggregation;
const { AGGREGATION_SUM, AGGREGATION_MEAN, AGGREGATION_MIN, AGGREGATION_MAX, AGGREGATION_COUNT } =
  Aggregation;
type QueryFields = Parameters<typeof SeriesQuery.fromPartial>[0] & { readonly stepMs?: number };

const rate = { overTime: AGGREGATION_RATE };
const p99 = { overTime: AGGREGATION_QUANTILE, quantile: 0.99 };
const sum = { overSeries: AGGREGATION_SUM };

const questions: readonly (readonly [(typeof namespaces)[number], string, QueryFields])[] = [
  ["system", "tutti_test_calls_total", rate],
  ["system", "tutti_test_calls_total", { ...rate, stepMs: 60_000 }],
  ["system", "tutti_test_calls_total", { overTime: AGGREGATION_INCREASE, stepMs: 30_000 }],
  ["system", "tutti_test_calls_total", { overTime: AGGREGATION_MEAN, ...sum }],
  ["system", "tutti_test_calls_total", { ...rate, ...sum, groupBy: ["code"] }],
  ["system", "tutti_test_calls_total", { ...rate, ...sum, groupBy: ["process"] }],
  ["system", "tutti_test_calls_total", { ...rate, overSeries: AGGREGATION_MAX, groupBy: ["rpc", "nothing"] }],
  ["system", "tutti_test_calls_total", { ...rate, labels: { equals: { code: "OK" } } }],
  ["system", "tutti_test_calls_total", { ...rate, labels: { exists: ["rpc"], absent: ["side"] } }],
  ["system", "tutti_test_load_ratio", {}],
  ["system", "tutti_test_load_ratio", { stepMs: 60_000 }],
  ["system", "tutti_test_load_ratio", { overTime: AGGREGATION_LAST, stepMs: 30_000 }],
  ["system", "tutti_test_load_ratio", { overTime: AGGREGATION_MIN, stepMs: 30_000 }],
  [
    "system",
    "tutti_test_load_ratio",
    { overTime: AGGREGATION_MAX, stepMs: 30_000, overSeries: AGGREGATION_MIN },
  ],
  ["system", "tutti_test_load_ratio", { overTime: AGGREGATION_COUNT, stepMs: 30_000 }],
  ["system", "tutti_test_load_ratio", { overSeries: AGGREGATION_MEAN }],
  ["system", "tutti_test_load_ratio", { overSeries: AGGREGATION_COUNT }],
  ["system", "tutti_test_wait_seconds", rate],
  ["system", "tutti_test_wait_seconds", p99],
  ["system", "tutti_test_wait_seconds", { ...p99, quantile: 0.5 }],
  ["system", "tutti_test_wait_seconds", { ...p99, overSeries: AGGREGATION_MAX }],
  ["shop", "orders_total", rate],
  ["shop", "orders_total", { ...rate, ...sum, groupBy: ["route"], stepMs: 60_000 }],
  ["shop", "basket_value", {}],
  ["shop", "packing_seconds", rate],
  ["shop", "packing_seconds", p99],
  ["shop", "packing_seconds", { ...p99, overSeries: AGGREGATION_MAX }],
];

describe("series in a Prometheus", { skip: prometheus.skip }, () => {
  const time = new VirtualTime(Math.floor((systemClock.now() - 900_000) / 60_000) * 60_000);
  const startMs = time.now();
  const close: (() => Promise<unknown>)[] = [];
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  let ofStore: ReturnType<typeof metricsHandlers>;
  let ofPrometheus: ReturnType<typeof metricsHandlers>;
  const context = testContext();

  before(async () => {
    const folder = await mkdtempDisposable(join(tmpdir(), "tutti-prometheus-"));
    close.push(() => folder.remove());
    server = await startPrometheus(prometheus.path);
    close.push(() => server[Symbol.asyncDispose]());
    const sections = [logSection, metricsSection, remoteWriteSection, tracingSection];
    const flags = [`--remoteWrite.url=${server.url}/api/v1/write`, "--log.level=fatal"];
    const telemetry = await openTelemetry({
      configuration: Configuration.load({ sections, sources: memorySources({ arguments: flags }) }),
      ...{ service: "test", instance: "ins_1", processName: () => "swarm 10.0.0.1:7401" },
      ...{ clock: time, timers: time, chance: systemChance },
    });
    const instruments = instrumentsOf(telemetry.metrics);
    await telemetry.start();
    close.push(() => telemetry.stop(AbortSignal.abort()));
    const thread = new SeriesThread(
      { file: join(folder.path, "series.sqlite"), ...bounds },
      () => time.now(),
      systemTimers,
    );
    const own = metricHandlers({
      registry: telemetry.metrics,
      ring: telemetry.ring,
      clock: time,
      services: () => [],
    });
    const foundation = testFoundation({ time });
    const userSeries = new UserSeries(bounds, foundation.metrics);
    const recorder = new Recorder({
      ...{ foundation, thread, everyMs: 3_600_000 },
      processes: { list: async () => [await processOf(own, context)] },
      forward: (measured, nowMs) => telemetry.remoteWriter?.add(userSeries.written(measured, nowMs)),
    });
    close.push(() => recorder.stop());
    for (let slot = 0; slot < slots; slot += 1) {
      // In the middle of the step, because the ring of the process and Prometheus cut time at places a second apart.
      time.advance(slotMs / 2);
      instruments.count(slot);
      time.advance(slotMs / 2 - 500);
      instruments.measure(slot + 1);
      time.advance(500);
      // The measures that a worker took in the step before.
      if (slot > 0) recorder.add(measuredOf(measuresOf(startMs + (slot - 1) * slotMs, slot), "shop"));
      if (slot % 6 === 5) await recorder.record();
      await telemetry.flush();
    }
    await recorder.record();
    await telemetry.flush();
    const parts = { thread, recorder, clock: time, timers: time };
    const declared = (namespace: string) => thread.request("metrics", { namespace, prefix: "" });
    const settings = { url: server.url, match: { job: "tutti" }, stepMinMs: slotMs, timeoutMs: 10_000 };
    ofStore = metricsHandlers(parts);
    ofPrometheus = metricsHandlers({
      ...parts,
      prometheus: new PrometheusSeries({ settings, timers: systemTimers, declared }),
    });
  });
  after(async () => {
    for (const release of close.reverse()) await release();
  });

  const runQuery = async (
    handlers: typeof ofStore,
    namespace: string,
    metric: string,
    { stepMs = slotMs, ...given }: QueryFields,
  ) => {
    const queries = [SeriesQuery.fromPartial({ queryId: "q", metric, ...given })];
    const span = { from: toTimestamp(startMs + 60_000), to: toTimestamp(startMs + 240_000) };
    const request = QuerySeriesRequest.fromPartial({ namespace, queries, span, stepMs });
    return handlers.querySeries(request, context);
  };

  for (const [namespace, metric, fields] of questions)
    it(`equal those of the store: ${metric} ${JSON.stringify(fields)}`, async () => {
      const [there, here] = await Promise.all([
        runQuery(ofPrometheus, namespace, metric, fields),
        runQuery(ofStore, namespace, metric, fields),
      ]);
      assert.equal(there.source, MetricSource.METRIC_SOURCE_PROMETHEUS, there.problem);
      assert.ok(here.series.length > 0);
      assert.deepEqual(there.series.map(keyOf).sort(), here.series.map(keyOf).sort());
      for (const series of here.series) {
        const other = there.series.find((each) => keyOf(each) === keyOf(series));
        assert.deepEqual([other?.startTime, other?.stepMs], [series.startTime, series.stepMs]);
        const pairs = series.values.map((value, at) => [value, other?.values[at] ?? Number.NaN] as const);
        assert.ok(pairs.some(([value]) => value > 0));
        const different = pairs.filter(([value, otherValue]) => !isClose(value, otherValue));
        assert.deepEqual(different, []);
      }
    });

  it("are listed with the kinds that the store knows", async () => {
    for (const namespace of namespaces) {
      const request = ListMetricsRequest.fromPartial({ namespace, page: { size: 1_000 } });
      const [there, here] = await Promise.all([
        ofPrometheus.listMetrics(request, context),
        ofStore.listMetrics(request, context),
      ]);
      const kinds = new Map(there.metrics.map(({ name, kind }) => [name, kind]));
      const expected = here.metrics.filter(({ name }) => /^(tutti_test_|orders|basket|packing)/.test(name));
      assert.ok(expected.length >= 3);
      for (const { name, kind } of expected) assert.equal(kinds.get(name), kind, name);
      assert.ok(
        [...kinds.keys()].every((name) => !/packing_seconds_count|test_wait_seconds_bucket/.test(name)),
      );
    }
  });

  it("equal the result of PromQL", async () => {
    const query = "sum by (code) (increase(tutti_test_calls_total[60s]))";
    const at = (startMs + 300_000) / 1_000;
    const answer = await fetch(
      `${server.url}/api/v1/query?${new URLSearchParams({ query, time: String(at) })}`,
    );
    const { data } = (await answer.json()) as {
      data: { result: { metric: object; value: [number, string] }[] };
    };
    const found = data.result.map(({ metric, value }) => [metric, Math.round(Number(value[1]))]);
    // Each rpc counts its number per step: 24 to 29 of them.
    assert.deepEqual(
      found.sort(),
      [
        [{ code: "OK" }, countsIn(24, 30, "OK")],
        [{ code: "UNAVAILABLE" }, countsIn(24, 30, "UNAVAILABLE")],
      ].sort(),
    );
  });

  it("come from the store if Prometheus does not answer, with the reason", async () => {
    const [namespace, metric, fields] = questions[0] as (typeof questions)[0];
    const before = await runQuery(ofStore, namespace, metric, fields);
    await server[Symbol.asyncDispose]();
    const after = await runQuery(ofPrometheus, namespace, metric, fields);
    assert.deepEqual(after.series, before.series);
    assert.equal(after.source, MetricSource.METRIC_SOURCE_STORE);
    assert.match(after.problem, /^Prometheus does not answer: .*ECONNREFUSED/);
  });
});

const rpcs = ["Get", "Put"];
const codes = ["OK", "UNAVAILABLE"];
const callsIn = (slot: number, rpc: number, code: number) => ((slot * 7 + rpc * 3) % 11) + 1 + code * 2;

function countsIn(from: number, to: number, code: string): number {
  let count = 0;
  for (let slot = from; slot < to; slot += 1)
    for (const rpc of rpcs.keys()) count += callsIn(slot, rpc, codes.indexOf(code));
  return count;
}

function instrumentsOf(metrics: Awaited<ReturnType<typeof openTelemetry>>["metrics"]) {
  const calls = metrics.counter({ name: "tutti_test_calls_total", help: "Calls.", labels: ["rpc", "code"] });
  const load = metrics.gauge({ name: "tutti_test_load_ratio", help: "Load.", labels: ["disk"] });
  const waits = metrics.histogram({ name: "tutti_test_wait_seconds", help: "Wait.", labels: ["pool"] });
  const measure = (slot: number) => {
    for (const [at, disk] of ["a", "b"].entries())
      load.with({ disk }).set(((slot * 13 + at * 5) % 17) / 4 + 0.25);
  };
  measure(0);
  return {
    measure,
    count(slot: number) {
      for (const [rpcAt, rpc] of rpcs.entries())
        for (const [codeAt, code] of codes.entries())
          calls.with({ rpc, code }).add(callsIn(slot, rpcAt, codeAt));
      for (const [at, pool] of ["default", "gpu"].entries())
        for (let index = 0; index < 20; index += 1)
          waits.with({ pool }).observe((((slot + 3) * (index + 1) * (at + 2)) % 97) / 40);
    },
  };
}

function measuresOf(fromMs: number, slot: number): RecordMeasuresRequest {
  const labels = (route: string) => ({ route });
  return RecordMeasuresRequest.fromPartial({
    ...{ worker: "w-1", fromMs, toMs: fromMs + slotMs },
    measures: [
      ...["/a", "/b"].map((route, at) => ({
        ...{ name: "orders_total", kind: MetricKind.METRIC_KIND_COUNTER, labels: labels(route) },
        value: ((slot * 5) % 7) + 1 + at,
      })),
      { name: "basket_value", kind: MetricKind.METRIC_KIND_GAUGE, value: ((slot * 3) % 8) + 0.5 },
      {
        ...{ name: "packing_seconds", kind: MetricKind.METRIC_KIND_HISTOGRAM, value: (slot % 4) + 1 },
        ...{ p50: (slot % 5) / 10 + 0.1, p99: (slot % 5) / 5 + 0.3 },
      },
    ],
  });
}

async function processOf(
  handlers: ReturnType<typeof metricHandlers>,
  context: ReturnType<typeof testContext>,
): Promise<MetricProcess> {
  const request = ListMetricsRequest.fromPartial({ page: { size: 1_000 } });
  const { metrics } = await handlers.listMetrics(request, context);
  return {
    ...{ name: "swarm 10.0.0.1:7401", problem: "" },
    metrics: new Map(metrics.map((metric) => [metric.name, metric])),
    query: async (requested) => (await handlers.querySeries(requested, context)).series,
  };
}
