/**
 * What this process knows of its own metrics, as the contract of metrics has it: what there is, and the recent past of
 * it from the ring. A service that keeps series for longer will answer the same questions.
 */
import {
  type ListMetricsRequest,
  Metric,
  MetricKind,
  metricService,
  type QuerySeriesRequest,
  type Series,
  type SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { type CallContext, type Clock, fromTimestamp, nearest, pageOf, toTimestamp } from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import type { MetricsRegistry, SampledSeries, SampleRing } from "@tutti/telemetry";
import { metricErrors } from "./errors.ts";
import { figureOf, reducerOf, wordOf } from "./figure.ts";
import { joined, laidOut, type Span, stepsOf } from "./steps.ts";

const { listMetrics, querySeries } = metricService.methods;

/** The part of the contract that is served. */
export const servedMetricService = { ...metricService, methods: { listMetrics, querySeries } };

/**
 * Returns the service of a process under whose name it serves its metrics. Every process with machines serves blobs.
 */
export function metricServiceOf(services: readonly string[]): string | undefined {
  const names = services.filter((name) => name !== "blob").sort();
  return names.includes("gateway") ? "gateway" : (names[0] ?? services[0]);
}

export interface MetricParts {
  readonly registry: Pick<MetricsRegistry, "families">;
  readonly ring: Pick<SampleRing, "series">;
  readonly clock: Clock;
}

const valuesMax = 1_000_000;
const spanByDefaultMs = 3_600_000;

export function metricHandlers(parts: MetricParts): Handlers<typeof servedMetricService> {
  return {
    listMetrics(request, context) {
      requireInstallation(request.namespace, context);
      return list(parts, request);
    },
    querySeries(request, context) {
      requireInstallation(request.namespace, context);
      return query(parts, request);
    },
  };
}

/**
 * Numbers count what is done for all namespaces: a caller with a right in one of them alone could count the others by
 * them.
 */
function requireInstallation(namespace: string, { principal }: Pick<CallContext, "principal">): void {
  if (principal.shown !== undefined && namespace !== installationNamespace)
    throw metricErrors.ofInstallation({ namespace: namespace || defaultNamespace });
}

type Family = ReturnType<MetricsRegistry["families"]> extends Iterable<infer F> ? F : never;

const kinds: Readonly<Record<Family["kind"], MetricKind>> = {
  counter: MetricKind.METRIC_KIND_COUNTER,
  gauge: MetricKind.METRIC_KIND_GAUGE,
  histogram: MetricKind.METRIC_KIND_HISTOGRAM,
};

function list({ registry }: MetricParts, { prefix, page }: ListMetricsRequest) {
  const found = [...registry.families()]
    .filter(({ name }) => name.startsWith(prefix))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const { items, nextToken } = pageOf(found, { list: ["metrics", prefix], keyOf: ({ name }) => name }, page);
  const metrics = items.map(({ name, kind, help, labels }) =>
    Metric.fromPartial({
      ...{ name, kind: kinds[kind], description: help, unit: unitOf(name), labelNames: [...labels] },
    }),
  );
  return { metrics, page: { nextToken, total: found.length } };
}

/** Names end in their unit, as Prometheus has it. */
function unitOf(name: string): string {
  const [, unit = ""] = /_(seconds|bytes|ratio|percent)(?:_total)?$/.exec(name) ?? [];
  return unit;
}

function query(parts: MetricParts, { queries, span, stepMs }: QuerySeriesRequest) {
  const nowMs = parts.clock.now();
  const toMs = Math.min(nowMs, span?.to === undefined ? nowMs : fromTimestamp(span.to));
  const fromMs = span?.from === undefined ? toMs - spanByDefaultMs : fromTimestamp(span.from);
  const series: Series[] = [];
  let values = 0;
  for (const each of queries)
    for (const one of seriesOf(parts, each, { fromMs: Math.min(fromMs, toMs), toMs }, stepMs)) {
      values += one.values.length;
      if (values > valuesMax) throw metricErrors.tooManyValues({ most: valuesMax });
      series.push(one);
    }
  return { series };
}

function* seriesOf(
  { registry, ring }: MetricParts,
  query: SeriesQuery,
  span: Span,
  stepMs: number,
): Generator<Series> {
  const { metric, labels, overSeries, groupBy } = query;
  const families = [...registry.families()];
  const family = families.find(({ name }) => name === metric);
  if (family === undefined) {
    const near = nearest(
      metric,
      families.map(({ name }) => name),
    );
    throw metricErrors.unknown({ metric, near });
  }
  const figure = figureOf(family.kind, query);
  const reduce = reducerOf(overSeries);
  if (reduce === undefined && (overSeries !== 0 || groupBy.length > 0)) {
    const found = overSeries === 0 ? "labels that stay apart, and none of these" : wordOf(overSeries);
    throw metricErrors.notAnswerable({ metric, expected: "sum, mean, min, max or count over series", found });
  }
  const wanted = ring
    .series(metric, labels?.equals ?? {}, span.fromMs)
    .filter((one) => one.statistic === figure.statistic && isSelected(one.labels, labels))
    .map((one) => until(one, span.toMs));
  const [first] = wanted;
  if (first === undefined) return;
  const steps = stepsOf(span, stepMs, first.stepMs);
  if (steps.count > valuesMax) throw metricErrors.tooManyValues({ most: valuesMax });
  const answer = (own: Readonly<Record<string, string>>, values: number[]): Series => ({
    ...{ queryId: query.queryId, labels: { ...own }, values },
    ...{ startTime: toTimestamp(steps.fromMs), stepMs: steps.stepMs },
  });
  if (reduce === undefined) {
    for (const one of wanted) yield answer(one.labels, laidOut(one, steps, figure));
    return;
  }
  for (const group of grouped(wanted, groupBy)) {
    const apart = Object.fromEntries(groupBy.map((label) => [label, group[0]?.labels[label] ?? ""]));
    const all = group.map((one) => laidOut(one, steps, figure));
    yield answer(apart, joined(all, reduce));
  }
}

function isSelected(own: Readonly<Record<string, string>>, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  const { exists, absent } = selector;
  return (
    exists.every((label) => (own[label] ?? "") !== "") && absent.every((label) => (own[label] ?? "") === "")
  );
}

function until(series: SampledSeries, toMs: number): SampledSeries {
  const count = Math.max(0, Math.floor((toMs - series.fromMs) / series.stepMs) + 1);
  return count >= series.values.length ? series : { ...series, values: series.values.slice(0, count) };
}

function grouped(all: readonly SampledSeries[], by: readonly string[]): Iterable<SampledSeries[]> {
  const groups = new Map<string, SampledSeries[]>();
  for (const one of all) {
    const key = JSON.stringify(by.map((label) => one.labels[label] ?? ""));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups.values();
}
