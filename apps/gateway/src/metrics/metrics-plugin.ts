/**
 * Metrics over REST: their list, and any range of their history as points of a chart.
 *
 * 1. Insight has the history of all processes, also of ended ones, and the metrics of users. It is queried first.
 * 2. Without insight, or if it does not answer, running processes are queried for the history in their memory. The
 *    response says so.
 */
import {
  Aggregation,
  type Metric,
  MetricKind,
  MetricSource,
  type QuerySeriesRequest,
  type Series,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import {
  type AllProcesses,
  type MetricProcess,
  metricErrors,
  metricsOf,
  seriesOfAll,
  type servedMetricService,
} from "@tutti/host";
import { errorFromUnknown, fromTimestamp, nearest, toTimestamp } from "@tutti/kernel";
import { type CallOptions, type Client, installationNamespace } from "@tutti/mesh";
import type { Routes } from "@tutti/rest/types";
import type { FastifyInstance, FastifyRequest } from "fastify";

export interface MetricsPluginParts {
  readonly processes: Pick<AllProcesses, "list">;
  /** Undefined if no process is known to run it. */
  readonly insight: () => Client<typeof servedMetricService> | undefined;
  /** The context and the timeout of the calls for a request. */
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

/** The series of each kind of metric, by name. */
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

const defaultRangeMs = 600_000;
const dayMs = 86_400_000;
/** The age of the oldest value of each source. */
const retentionMs = { insight: 90 * dayMs, processes: dayMs, prometheus: 3_650 * dayMs } as const;
/** Milliseconds that a date can have. */
const momentMax = 8_640_000_000_000_000;

/** Registered under the prefix of the API. */
export function metricsPlugin(parts: MetricsPluginParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/metrics", (request) => list(parts, request));
    app.get("/metrics/series", (request) => series(parts, request));
  };
}

/** The source of the values in a response. */
interface Source {
  readonly name: SeriesReply["source"];
  /** Reason why Prometheus or insight was not queried, or did not answer. Empty if it answered. */
  readonly problem: string;
  readonly metrics: ReadonlyMap<string, Metric>;
  querySeries(
    requested: Pick<QuerySeriesRequest, "queries" | "span" | "stepMs">,
  ): Promise<Pick<Source, "name" | "problem"> & { readonly series: Series[] }>;
}

async function sourceOf(
  { processes, insight, optionsOf }: MetricsPluginParts,
  request: FastifyRequest,
  search: URLSearchParams,
): Promise<Source> {
  const options = optionsOf(request);
  const namespace = search.get("namespace") || installationNamespace;
  const client = search.get("live") === "true" ? undefined : insight();
  let problem = search.get("live") === "true" ? "" : "insight is disabled, or not discovered yet";
  if (client !== undefined)
    try {
      const { metrics, ...found } = await metricsOf(client, namespace, options);
      const querySeries: Source["querySeries"] = async (query) => {
        const { series, ...read } = await client.querySeries({ ...query, namespace }, options);
        return { ...readFrom(read), series };
      };
      return { ...readFrom(found), metrics, querySeries };
    } catch (thrown) {
      const { status, message } = errorFromUnknown(thrown);
      if (status !== "UNAVAILABLE" && status !== "DEADLINE_EXCEEDED" && status !== "UNIMPLEMENTED")
        throw thrown;
      problem = `insight does not answer: ${message}`;
    }
  // Processes have no metrics of users.
  const found = namespace === installationNamespace ? await processes.list(options) : [];
  const name = "processes";
  const ask: Source["querySeries"] = async (query) => {
    return { name, problem, series: await seriesOfAll(found, { ...query, namespace }) };
  };
  return { name, problem, metrics: metricsOfAll(found), querySeries: ask };
}

/** Insight reads its store, or a Prometheus. */
function readFrom({
  source,
  problem,
}: {
  readonly source: MetricSource;
  readonly problem: string;
}): Pick<Source, "name" | "problem"> {
  return { name: source === MetricSource.METRIC_SOURCE_PROMETHEUS ? "prometheus" : "insight", problem };
}

async function list(parts: MetricsPluginParts, request: FastifyRequest): Promise<ListReply> {
  const search = searchOf(request);
  const isOfAll = (search.get("namespace") || installationNamespace) === installationNamespace;
  const [{ name: source, problem, metrics }, processes] = await Promise.all([
    sourceOf(parts, request, search),
    isOfAll ? parts.processes.list(parts.optionsOf(request)) : [],
  ]);
  return {
    source,
    ...(problem !== "" && { problem }),
    metrics: [...metrics.values()].map(({ name, kind, description, labelNames }) => ({
      name,
      type: types.get(kind) ?? "gauge",
      help: description,
      labels: labelNames,
    })),
    processes: processes.map((entry) => ({
      name: entry.name,
      ...(entry.problem !== "" && { problem: entry.problem }),
    })),
  };
}

function metricsOfAll(processes: readonly MetricProcess[]): ReadonlyMap<string, Metric> {
  const all = processes.flatMap(({ metrics }) => [...metrics]);
  return new Map(all.sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function series(parts: MetricsPluginParts, request: FastifyRequest): Promise<SeriesReply> {
  const search = searchOf(request);
  const source = await sourceOf(parts, request, search);
  const nowMs = parts.now();
  const toMs = numberIn(search, "toMs") ?? nowMs;
  // There are no earlier values.
  const fromMs = Math.max(
    numberIn(search, "fromMs") ?? nowMs - defaultRangeMs,
    nowMs - retentionMs[source.name],
  );
  const points = numberIn(search, "points") ?? 0;
  const queries = search.getAll("name").flatMap((name) => {
    const metric = source.metrics.get(name);
    if (metric === undefined)
      throw metricErrors.unknown({ metric: name, suggestion: nearest(name, [...source.metrics.keys()]) });
    return queriesOf(metric.kind, name, search);
  });
  const described = ({ name, problem }: Pick<Source, "name" | "problem">) => ({
    source: name,
    ...(problem !== "" && { problem }),
  });
  if (queries.length === 0) return { ...described(source), series: [] };
  const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
  const stepMs = points > 0 ? Math.max(1, toMs - fromMs) / points : 1;
  const answer = await source.querySeries({ queries, span, stepMs });
  return { ...described(answer), series: answer.series.map(seriesReply) };
}

function searchOf({ url }: FastifyRequest): URLSearchParams {
  return new URL(url, "http://gateway").searchParams;
}

/** Returns the queries of a metric, one per figure. */
function queriesOf(kind: MetricKind, metric: string, search: URLSearchParams): SeriesQuery[] {
  const requested = figures[types.get(kind) ?? "gauge"] ?? {};
  const equals = Object.fromEntries(search.getAll("label").map((text) => labelIn(text)));
  const joining = search.get("over") ?? "";
  const overSeries = over.get(joining);
  if (joining !== "" && overSeries === undefined)
    throw metricErrors.notAnswerable({
      metric,
      expected: "sum, mean, min, max or count as the parameter over",
      found: joining,
    });
  return Object.entries(requested).map(([figure, query]) =>
    SeriesQuery.fromPartial({
      queryId: `${figure}.${metric}`,
      metric,
      ...query,
      labels: { equals },
      overSeries: joinedBy(query, overSeries),
      groupBy: search.getAll("by"),
    }),
  );
}

/** Quantiles of several series have no sum: the greatest of them counts. */
function joinedBy({ overTime }: Partial<SeriesQuery>, requested: Aggregation | undefined): Aggregation {
  const isQuantile = overTime === Aggregation.AGGREGATION_QUANTILE;
  const isSumOrCount =
    requested === Aggregation.AGGREGATION_SUM || requested === Aggregation.AGGREGATION_COUNT;
  return isQuantile && isSumOrCount
    ? Aggregation.AGGREGATION_MAX
    : (requested ?? Aggregation.AGGREGATION_UNSPECIFIED);
}

function seriesReply({ queryId, labels, startTime, stepMs, values }: Series): SeriesReply["series"][number] {
  const [figure = "", name = ""] = queryId.split(".");
  const fromMs = startTime === undefined ? 0 : fromTimestamp(startTime);
  const points = values.flatMap((value, step) =>
    Number.isNaN(value) ? [] : [{ timeMs: fromMs + step * stepMs, value }],
  );
  return { name, labels, figure, stepMs, points };
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
