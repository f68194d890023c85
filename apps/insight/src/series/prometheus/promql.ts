/**
 * Translates queries of series to PromQL, over samples that arrived by remote write or by scraping.
 *
 * 1. A step has the samples whose times lie in it. The increase of a counter is measured from one end of the step to the
 *    other. So values equal the values of the store if the times of samples are multiples of the step.
 * 2. Metrics of processes have no label `tutti_namespace`. Metrics of users have the namespace of their work. Quantiles
 *    of processes are computed from buckets. Quantiles of users are series of a summary, because workers send no buckets.
 */
import { Aggregation, type SeriesQuery } from "@tutti/contracts/insight/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import {
  aggregationName,
  figureOf,
  type MetricKindName,
  metricErrors,
  reducerOf,
  type Steps,
} from "@tutti/host/metrics";
import { installationNamespace } from "@tutti/mesh";

/** Label for the namespace of users' metrics. Kubernetes already uses the label `namespace`. */
export const namespaceLabel = "tutti_namespace";
const instanceLabel = "instance";
const processLabel = "process";

export interface PromQuery {
  readonly expression: string;
  /** Time of the evaluation for the first step, in milliseconds since 1970. One evaluation per step follows. */
  readonly startMs: number;
}

export interface PromContext {
  readonly namespace: string;
  readonly match: Readonly<Record<string, string>>;
  readonly steps: Steps;
}

/** Functions that reduce the values of a step to one value. */
const overTime = new Map<Aggregation, string>([
  [Aggregation.AGGREGATION_UNSPECIFIED, "avg_over_time"],
  [Aggregation.AGGREGATION_MEAN, "avg_over_time"],
  [Aggregation.AGGREGATION_SUM, "sum_over_time"],
  [Aggregation.AGGREGATION_MIN, "min_over_time"],
  [Aggregation.AGGREGATION_MAX, "max_over_time"],
  [Aggregation.AGGREGATION_LAST, "last_over_time"],
  [Aggregation.AGGREGATION_COUNT, "count_over_time"],
]);

const overSeries = new Map<Aggregation, string>([
  [Aggregation.AGGREGATION_SUM, "sum"],
  [Aggregation.AGGREGATION_MEAN, "avg"],
  [Aggregation.AGGREGATION_MIN, "min"],
  [Aggregation.AGGREGATION_MAX, "max"],
  [Aggregation.AGGREGATION_COUNT, "count"],
]);

export function promQuery(kind: MetricKindName, query: SeriesQuery, context: PromContext): PromQuery {
  // Rejects the same queries as the store.
  const { statistic } = figureOf(kind, query);
  const { metric, overSeries: joining, groupBy } = query;
  if (reducerOf(joining) === undefined && (joining !== 0 || groupBy.length > 0))
    throw metricErrors.notAnswerable({
      metric,
      expected: "sum, mean, min, max or count over series",
      found: aggregationName(joining),
    });
  const { fromMs, stepMs } = context.steps;
  const isOfSamples = statistic === "value" || (isQuantile(statistic) && !isOfProcesses(context));
  // A sample at the end of a step is the first of the next one, but ends the increase of this one.
  const startMs = fromMs + stepMs - (isOfSamples ? 1 : 0);
  return { expression: joined(ofOneSeries(kind, query, context), query), startMs };
}

function ofOneSeries(kind: MetricKindName, query: SeriesQuery, context: PromContext): string {
  const { metric, overTime: aggregation, quantile } = query;
  const { stepMs } = context.steps;
  const samples = `[${stepMs}ms]`;
  // Includes both ends in every version of Prometheus.
  const increase = `[${stepMs + 1}ms]`;
  if (kind === "gauge")
    return `${overTime.get(aggregation) ?? "avg_over_time"}(${selectorOf(metric, query, context)}${samples})`;
  if (aggregation === Aggregation.AGGREGATION_QUANTILE)
    return isOfProcesses(context)
      ? `histogram_quantile(${quantile}, rate(${selectorOf(`${metric}_bucket`, query, context)}${increase}))`
      : `max_over_time(${selectorOf(metric, query, context, { quantile: String(quantile) })}${samples})`;
  const counted = kind === "histogram" ? `${metric}_count` : metric;
  const selector = selectorOf(counted, query, context);
  switch (aggregation) {
    case Aggregation.AGGREGATION_INCREASE:
      return `rate(${selector}${increase}) * ${stepMs / 1_000}`;
    case Aggregation.AGGREGATION_MIN:
      return `min_over_time(rate(${selector}${increase})[${stepMs}ms:])`;
    case Aggregation.AGGREGATION_MAX:
      return `max_over_time(rate(${selector}${increase})[${stepMs}ms:])`;
    default:
      return `rate(${selector}${increase})`;
  }
}

function joined(expression: string, { overSeries: joining, groupBy }: SeriesQuery): string {
  const operator = overSeries.get(joining);
  return operator === undefined
    ? expression
    : `${operator} by (${groupBy.map(promLabel).join(", ")}) (${expression})`;
}

function selectorOf(
  name: string,
  { labels }: SeriesQuery,
  { namespace, match }: PromContext,
  more: Readonly<Record<string, string>> = {},
): string {
  const own = { ...match, ...namespaceMatch(namespace), __name__: name, ...more };
  const equal = Object.entries({ ...own, ...equalsOf(labels) }).map(([label, value]) =>
    matcher(label, "=", value),
  );
  const { exists = [], absent = [] } = labels ?? {};
  const others = [
    ...exists.map((label) => matcher(promLabel(label), "!=", "")),
    ...absent.map((label) => matcher(promLabel(label), "=", "")),
  ];
  return `{${[...equal, ...others].join(",")}}`;
}

/** Returns the matchers for all series of a namespace. */
export function namespaceSelector(namespace: string, match: Readonly<Record<string, string>>): string {
  const all = Object.entries({ ...match, ...namespaceMatch(namespace) });
  return `{__name__!="",${all.map(([label, value]) => matcher(label, "=", value)).join(",")}}`;
}

function namespaceMatch(namespace: string): Readonly<Record<string, string>> {
  return { [namespaceLabel]: namespace === installationNamespace ? "" : namespace };
}

function equalsOf(labels: LabelSelector | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels?.equals ?? {}).map(([label, value]) => [promLabel(label), value]),
  );
}

/** PromQL knows all escapes of JSON. */
function matcher(label: string, operator: "=" | "!=", value: string): string {
  return `${label}${operator}${JSON.stringify(value)}`;
}

/** Converts a label to its form in Prometheus. */
export function promLabel(label: string): string {
  return label === processLabel
    ? instanceLabel
    : label.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

const isOfProcesses = ({ namespace }: PromContext): boolean => namespace === installationNamespace;
const isQuantile = (statistic: string): boolean => statistic === "p50" || statistic === "p99";

/** Converts the labels of an answer to their form in the store. */
export function ownLabels(
  found: Readonly<Record<string, string>>,
  { groupBy }: Pick<SeriesQuery, "groupBy">,
  match: Readonly<Record<string, string>>,
): Record<string, string> {
  const {
    __name__: _name,
    [namespaceLabel]: _namespace,
    [instanceLabel]: process,
    quantile: _quantile,
    ...rest
  } = found;
  const own = Object.fromEntries(Object.entries(rest).filter(([label]) => !(label in match)));
  const all: Record<string, string> = process === undefined ? own : { ...own, [processLabel]: process };
  return groupBy.length === 0
    ? all
    : Object.fromEntries(groupBy.map((label) => [label, found[promLabel(label)] ?? ""]));
}
