/** Forecasts of required slots and of full disks, converted to the contract. */
import { diskForecast, loadForecast, loadStepMs, median, slotsFor } from "@tutti/analysis";
import {
  Aggregation,
  Capacity,
  DiskCapacity,
  type GetCapacityRequest,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Clock, fromTimestamp, toTimestamp } from "@tutti/kernel";
import { installationNamespace } from "@tutti/mesh";
import type { PoolLoad } from "../analysis/recorded-load.ts";
import { insightErrors } from "../errors.ts";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";

const dayMs = 24 * 3_600_000;
const pastMs = 35 * dayMs;
const aheadMs = 7 * dayMs;
const targetWaitMs = 1_000;
const diskStepMs = 3_600_000;
const freeMetric = "tutti_journal_disk_free_bytes";

interface Parts {
  readonly collector: Pick<FactCollector, "catchUp">;
  readonly queries: Pick<QueryProcess, "load">;
  readonly series: Pick<SeriesThread, "request">;
  readonly file: string;
  readonly clock: Clock;
}

export async function getCapacity(parts: Parts, request: GetCapacityRequest) {
  const { collector, queries, file, clock } = parts;
  const nowMs = clock.now();
  const namespace = request.namespace || defaultNamespace;
  const toMs = request.span?.to === undefined ? nowMs : fromTimestamp(request.span.to);
  const fromMs = request.span?.from === undefined ? toMs - pastMs : fromTimestamp(request.span.from);
  if (fromMs >= toMs) throw insightErrors.spanEmpty();
  if (namespace === installationNamespace)
    return { capacities: [], disks: await disksOf(parts, fromMs, toMs) };
  await collector.catchUp();
  const pools = await queries.load({ file, namespace, pool: request.pool, fromMs, toMs });
  const ahead = { fromMs: request.aheadFromMs || toMs, lengthMs: request.aheadMs || aheadMs };
  const capacities = pools
    .flatMap((pool) => capacityOf(pool, request, { nowMs: toMs, ...ahead }))
    .sort((one, other) => shortOf(other) - shortOf(one));
  return { capacities, disks: [] };
}

const shortOf = ({ recommendedSlots, slots }: Capacity): number => recommendedSlots / Math.max(1, slots);

function capacityOf(
  { pool, facts, slots, agents }: PoolLoad,
  { loadFactor, targetWaitMs: target }: GetCapacityRequest,
  { nowMs, fromMs, lengthMs }: { readonly nowMs: number; readonly fromMs: number; readonly lengthMs: number },
): Capacity[] {
  const found = loadForecast(facts, { nowMs, fromMs, toMs: fromMs + lengthMs });
  if (found === undefined) return [];
  const factor = loadFactor || 1;
  const needed = (load: number) => slotsFor(load * factor, found.heldMs, target || targetWaitMs);
  const recommendedSlots = needed(found.load.expected);
  const perAgent = agents === 0 ? 1 : slots / agents;
  const loads = facts.map(({ heldMs }) => heldMs / loadStepMs);
  const share = (load: number) => (slots === 0 ? 0 : load / slots);
  return [
    Capacity.fromPartial({
      pool,
      slots,
      recommendedSlots,
      used: share(loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length)),
      peak: share(Math.max(0, ...loads)),
      maxStartsPerSec: found.heldMs === 0 ? 0 : (slots * 1_000) / found.heldMs,
      startsPerSec: median(facts.map(({ starts }) => starts)) / (loadStepMs / 1_000),
      recommendedSlotsLow: needed(found.load.low),
      recommendedSlotsHigh: needed(found.load.high),
      recommendedAgents: Math.ceil(recommendedSlots / perAgent),
      peakTime: toTimestamp(found.peakTimeMs),
      peakLoad: found.load.expected * factor,
      backTest: found.backTest,
    }),
  ];
}

async function disksOf({ series }: Parts, fromMs: number, toMs: number): Promise<DiskCapacity[]> {
  const query = SeriesQuery.fromPartial({
    queryId: "free",
    metric: freeMetric,
    overTime: Aggregation.AGGREGATION_MEAN,
  });
  const found = await series.request("query", {
    namespace: installationNamespace,
    queries: [query],
    nowMs: toMs,
    span: { from: toTimestamp(fromMs), to: toTimestamp(toMs) },
    stepMs: diskStepMs,
  });
  return found
    .flatMap(({ labels, startTime, stepMs, values }) => {
      const startMs = startTime === undefined ? fromMs : fromTimestamp(startTime);
      const points = [...values]
        .map((free, at) => ({ timeMs: startMs + at * stepMs, free }))
        .filter(({ free }) => !Number.isNaN(free));
      const last = points.at(-1);
      if (last === undefined) return [];
      const forecast = diskForecast(points, toMs);
      return [
        DiskCapacity.fromPartial({
          process: labels["process"] ?? "",
          freeBytes: last.free,
          bytesPerDay: forecast?.perDay ?? 0,
          ...(forecast?.fullTimeMs !== undefined && { fullTime: toTimestamp(forecast.fullTimeMs) }),
          ...(forecast?.earliestMs !== undefined && { earliestTime: toTimestamp(forecast.earliestMs) }),
          ...(forecast?.latestMs !== undefined && { latestTime: toTimestamp(forecast.latestMs) }),
          ...(forecast !== undefined && { backTest: forecast.backTest }),
        }),
      ];
    })
    .sort((one, other) => endOf(one) - endOf(other));
}

function endOf({ fullTime }: DiskCapacity): number {
  return fullTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(fullTime);
}
