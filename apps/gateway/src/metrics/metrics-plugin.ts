/** Metrics over REST: what there is, and the recent past of it as points for a picture. */
import { Aggregation, type Metric, MetricKind, type Series, SeriesQuery } from "@tutti/contracts/insight/v1";
import { type AllProcesses, type MetricProcess, metricErrors, seriesOfAll } from "@tutti/host";
import { fromTimestamp, nearest, toTimestamp } from "@tutti/kernel";
import { type CallOptions, installationNamespace } from "@tutti/mesh";
import type { Routes } from "@tutti/rest/types";
import type { FastifyInstance, FastifyRequest } from "fastify";

export interface MetricsPluginParts {
  readonly processes: Pick<AllProcesses, "list">;
  /** On whose behalf, and until when. */
  readonly optionsOf: (request: FastifyRequest) => CallOptions;
  readonly now: () => number;
}

type ListReply = Routes["metrics.list"]["reply"];
type SeriesReply = Routes["metrics.series"]["reply"];

const types = new Map<MetricKind, ListReply["metrics"][number]["type"]>([
  [MetricKind.METRIC_KIND_COUNTER, "counter"],
  [MetricKind.METRIC_KIND_GAUGE, "gauge"],
  [MetricKind.METRIC_KIND_HISTOGRAM, "histogram"],
]);

/** What is informed of each kind, by the name of the figure. */
const figures: Readonly<Record<string, Readonly<Record<string, Partial<SeriesQuery>>>>> = {
  counter: { rate: { overTime: Aggregation.AGGREGATION_RATE } },
  gauge: { value: { overTime: Aggregation.AGGREGATION_MEAN } },
  histogram: {
    rate: { overTime: Aggregation.AGGREGATION_RATE },
    p50: { overTime: Aggregation.AGGREGATION_QUANTILE, quantile: 0.5 },
    p99: { overTime: Aggregation.AGGREGATION_QUANTILE, quantile: 0.99 },
  },
};

const over = new Map<string, Aggregation>([
  ["sum", Aggregation.AGGREGATION_SUM],
  ["mean", Aggregation.AGGREGATION_MEAN],
  ["min", Aggregation.AGGREGATION_MIN],
  ["max", Aggregation.AGGREGATION_MAX],
  ["count", Aggregation.AGGREGATION_COUNT],
]);

/** Ten minutes are kept by the second, and a day besides. */
const spanByDefaultMs = 600_000;
const spanMaxMs = 86_400_000;
/** Milliseconds that a date can have. */
const momentMax = 8_640_000_000_000_000;

/** Registered under the prefix of the API. */
export function metricsPlugin(parts: MetricsPluginParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/metrics", (request) => list(parts, request));
    app.get("/metrics/series", (request) => series(parts, request));
  };
}

async function list(
  { processes, optionsOf }: MetricsPluginParts,
  request: FastifyRequest,
): Promise<ListReply> {
  const found = await processes.list(optionsOf(request));
  return {
    metrics: [...metricsOfAll(found).values()].map(({ name, kind, description, labelNames }) => ({
      ...{ name, type: types.get(kind) ?? "gauge", help: description, labels: labelNames },
    })),
    processes: found.map(({ name, problem }) => ({ name, ...(problem !== "" && { problem }) })),
  };
}

function metricsOfAll(processes: readonly MetricProcess[]): ReadonlyMap<string, Metric> {
  const all = processes.flatMap(({ metrics }) => [...metrics]);
  return new Map(all.sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function series(parts: MetricsPluginParts, request: FastifyRequest): Promise<SeriesReply> {
  const { processes, optionsOf, now } = parts;
  const { searchParams } = new URL(request.url, "http://gateway");
  const names = searchParams.getAll("name");
  const nowMs = now();
  const toMs = numberIn(searchParams, "toMs") ?? nowMs;
  // Nothing is kept from before.
  const fromMs = Math.max(numberIn(searchParams, "fromMs") ?? nowMs - spanByDefaultMs, nowMs - spanMaxMs);
  const points = numberIn(searchParams, "points") ?? 0;
  const found = await processes.list(optionsOf(request));
  const known = metricsOfAll(found);
  const queries = names.flatMap((name) => {
    const metric = known.get(name);
    if (metric === undefined)
      throw metricErrors.unknown({ metric: name, near: nearest(name, [...known.keys()]) });
    return queriesOf(metric.kind, name, searchParams);
  });
  if (queries.length === 0) return { series: [] };
  const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
  const stepMs = points > 0 ? Math.max(1, toMs - fromMs) / points : 1;
  const all = await seriesOfAll(found, { namespace: installationNamespace, queries, span, stepMs });
  return { series: all.map(shown) };
}

/** Returns the queries of a metric, one per figure. */
function queriesOf(kind: MetricKind, metric: string, search: URLSearchParams): SeriesQuery[] {
  const asked = figures[types.get(kind) ?? "gauge"] ?? {};
  const equals = Object.fromEntries(search.getAll("label").map((text) => labelIn(text)));
  const joining = search.get("over") ?? "";
  const overSeries = over.get(joining);
  if (joining !== "" && overSeries === undefined)
    throw metricErrors.notAnswerable({
      ...{ metric, expected: "sum, mean, min, max or count as the parameter over", found: joining },
    });
  return Object.entries(asked).map(([figure, query]) =>
    SeriesQuery.fromPartial({
      ...{ queryId: `${figure}.${metric}`, metric, ...query, labels: { equals } },
      ...{ overSeries: joinedBy(query, overSeries), groupBy: search.getAll("by") },
    }),
  );
}

/** Quantiles of several series have no sum: the greatest of them is said. */
function joinedBy({ overTime }: Partial<SeriesQuery>, wanted: Aggregation | undefined): Aggregation {
  const isQuantile = overTime === Aggregation.AGGREGATION_QUANTILE;
  const hasNone = wanted === Aggregation.AGGREGATION_SUM || wanted === Aggregation.AGGREGATION_COUNT;
  return isQuantile && hasNone
    ? Aggregation.AGGREGATION_MAX
    : (wanted ?? Aggregation.AGGREGATION_UNSPECIFIED);
}

function shown({ queryId, labels, startTime, stepMs, values }: Series): SeriesReply["series"][number] {
  const [figure = "", name = ""] = queryId.split(".");
  const fromMs = startTime === undefined ? 0 : fromTimestamp(startTime);
  const points = values.flatMap((value, step) =>
    Number.isNaN(value) ? [] : [{ timeMs: fromMs + step * stepMs, value }],
  );
  return { name, labels, figure, points };
}

function numberIn(search: URLSearchParams, parameter: string): number | undefined {
  const text = search.get(parameter);
  if (text === null || text === "") return undefined;
  const number = Number(text);
  if (number >= 0 && number <= momentMax) return number;
  throw metricErrors.parameterWrong({ parameter, expected: `a number from 0 to ${momentMax}`, found: text });
}

function labelIn(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw metricErrors.parameterWrong({
    parameter: "label",
    expected: "a label and its value, rpc=StartRun",
    found: text,
  });
}
