/** The store of series alone, as in its thread: ingestion rate, bytes per point, time of a query of 30 days. */
import { join } from "node:path";
import { SeriesQuery } from "@tutti/contracts/insight/v1";
import { answerSeries } from "@tutti/host/metrics";
import { type RecordedMetric, type RecordedSeries, SeriesStore } from "@tutti/insight/series";
import { toTimestamp } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { quantile, rounded } from "../../measure/statistics.ts";
import { temporaryDirectory } from "../../processes/platform.ts";
import type { Result } from "../../scenario.ts";

export const ingestLine = "series taken in";
export const queryLine = "query of 30 days";

const namespace = "bench";
const slotMs = 10_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = Date.UTC(2026, 0, 5);
const kinds = ["memory", "rate", "latency", "state"] as const;

type Value = (slot: number) => number;

/** Returns a generator of values: memory in pages, a rate, a quantile with noise, or a gauge that seldom changes. */
function generatorOf(kind: (typeof kinds)[number], seed: number): Value {
  const chance = seededChance(seed);
  let pages = 10_000 + Math.floor(chance.random() * 50_000);
  let state = Math.floor(chance.random() * 20);
  switch (kind) {
    case "memory":
      return () => {
        pages += Math.floor(chance.random() * 9) - 4;
        return pages * 4_096;
      };
    case "rate":
      return (slot) => Math.round((20 + 10 * Math.sin(slot / 500)) * (0.8 + 0.4 * chance.random()) * 10) / 10;
    case "latency":
      return () => 0.02 * Math.exp(chance.random() + chance.random());
    case "state":
      return () => {
        if (chance.random() < 0.01) state = Math.floor(chance.random() * 20);
        return state;
      };
  }
}

export async function* store(): AsyncIterable<Result> {
  yield await ingest(1_000, 6);
  yield await queries(12, 30);
}

async function opened(seriesMax: number) {
  const file = join(await temporaryDirectory(), "series.sqlite");
  const bounds = { seriesMax, seriesOfMetricMax: seriesMax };
  return new SeriesStore({ file, nowMs: startMs, ...bounds });
}

function metricsOf(): RecordedMetric[] {
  return kinds.map((name) => ({ namespace, name, kind: "gauge", help: "", unit: "", labels: ["worker"] }));
}

function recorder(series: number, slotsOfBatch: number) {
  const values = Array.from({ length: series }, (_, number) => {
    const kind = kinds[number % kinds.length] ?? "memory";
    return { kind, worker: `w${number}`, next: generatorOf(kind, number) };
  });
  return (slot: number): RecordedSeries[] =>
    values.map(({ kind, worker, next }) => ({
      namespace,
      metric: kind,
      statistic: "value",
      labels: { worker },
      fromMs: startMs + slot * slotMs,
      values: Float64Array.from({ length: slotsOfBatch }, (_, at) => next(slot + at)),
    }));
}

/**
 * Measures ingestion of six values of each series at a time, the values of a minute. It includes the packing of hours,
 * but not the generation of values.
 */
async function ingest(series: number, hours: number): Promise<Result> {
  const store = await opened(series);
  const batch = recorder(series, minuteMs / slotMs);
  let [points, bytes, tookMs] = [0, 0, 0];
  for (let minute = 0; minute <= hours * 60 + 6; minute++) {
    const nowMs = startMs + (minute + 1) * minuteMs;
    const slotSeries = batch((minute * minuteMs) / slotMs);
    const fromMs = performance.now();
    const outcome = store.record({ nowMs, metrics: minute === 0 ? metricsOf() : [], series: slotSeries });
    tookMs += performance.now() - fromMs;
    points += outcome.recorded;
    bytes = outcome.bytes;
  }
  store.close();
  return {
    variant: ingestLine,
    series,
    points,
    pointsPerSec: Math.round((1_000 * points) / tookMs),
    bytesPerPoint: rounded(bytes / points),
  };
}

async function queries(series: number, days: number): Promise<Result> {
  const store = await opened(series);
  const slots = hourMs / slotMs;
  const batch = recorder(series, slots);
  for (let hour = 0; hour < days * 24; hour++)
    store.record({
      nowMs: startMs + (hour + 1) * hourMs,
      metrics: hour === 0 ? metricsOf() : [],
      series: batch(hour * slots),
    });
  const nowMs = startMs + days * 24 * hourMs;
  const span = { from: toTimestamp(startMs), to: toTimestamp(nowMs) };
  const latencies: number[] = [];
  let values = 0;
  for (let number = 0; number < 200; number++) {
    const labels = { equals: { worker: `w${number % series}` }, exists: [], absent: [] };
    const query = SeriesQuery.fromPartial({ metric: kinds[number % kinds.length] ?? "", labels });
    const fromMs = performance.now();
    const [answer] = answerSeries(
      store.source(namespace, nowMs),
      { queries: [query], span, stepMs: 0 },
      nowMs,
    );
    latencies.push(performance.now() - fromMs);
    values += answer?.values.length ?? 0;
  }
  store.close();
  latencies.sort((one, other) => one - other);
  const [p50Ms, p99Ms] = [rounded(quantile(latencies, 0.5)), rounded(quantile(latencies, 0.99))];
  return { variant: queryLine, queries: latencies.length, values: values / latencies.length, p50Ms, p99Ms };
}
