/**
 * Queries of series in PromQL, over samples that came by remote write or by scraping.
 *
 * 1. A step has the samples whose times lie in it. The increase of a counter is that from one end of the step to the
 *    other. So values equal those of the store if samples have times that are multiples of the step.
 * 2. Metrics of processes have no label `tutti_namespace`, metrics of users have that of their work. Quantiles of
 *    processes come of buckets, those of users are series of a summary: workers send no buckets.
 */
import { Aggregation, type SeriesQuery } from "@tutti/contracts/insight/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { figureOf, type MetricWord, metricErrors, reducerOf, type Steps, wordOf } from "@tutti/host/metrics";
import { installationNamespace } from "@tutti/mesh";

/** Label of the namespace of users' metrics: Kubernetes has one that is called `namespace`. */
export const namespaceLabel = "tutti_namespace";
const instanceLabel = "instance";
const processLabel = "process";

export interface PromQuery {
  readonly expression: string;
  /** When it is evaluated for the first step, in milliseconds since 1970. Then once per step. */
  readonly startMs: number;
}

export interface PromContext {
  readonly namespace: string;
  readonly match: Readonly<Record<string, string>>;
  readonly steps: Steps;
}

/** How values of a step become one. */
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

export function promQuery(kind: MetricWord, query: SeriesQuery, context: PromContext): PromQuery {
  // The same questions are refused as of the store.
  const { statistic } = figureOf(kind, query);
  const { metric, overSeries: joining, groupBy } = query;
  if (reducerOf(joining) === undefined && (joining !== 0 || groupBy.length > 0))
    throw metricErrors.notAnswerable({
      metric,
      expected: "sum, mean, min, max or count over series",
      found: wordOf(joining),
    });
  const { fromMs, stepMs } = context.steps;
  const isOfSamples = statistic === "value" || (isQuantile(statistic) && !isOfProcesses(context));
  // A sample at the end of a step is the first of the next one, but ends the increase of this one.
  const startMs = fromMs + stepMs - (isOfSamples ? 1 : 0);
  return { expression: joined(ofOneSeries(kind, query, context), query), startMs };
}

function ofOneSeries(kind: MetricWord, query: SeriesQuery, context: PromContext): string {
  const { metric, overTime: wanted, quantile } = query;
  const { stepMs } = context.steps;
  const samples = `[${stepMs}ms]`;
  // Both ends are in it, for all versions of Prometheus.
  const increase = `[${stepMs + 1}ms]`;
  if (kind === "gauge")
    return `${overTime.get(wanted) ?? "avg_over_time"}(${selectorOf(metric, query, context)}${samples})`;
  if (wanted === Aggregation.AGGREGATION_QUANTILE)
    return isOfProcesses(context)
      ? `histogram_quantile(${quantile}, rate(${selectorOf(`${metric}_bucket`, query, context)}${increase}))`
      : `max_over_time(${selectorOf(metric, query, context, { quantile: String(quantile) })}${samples})`;
  const counted = kind === "histogram" ? `${metric}_count` : metric;
  const selector = selectorOf(counted, query, context);
  switch (wanted) {
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
  const word = overSeries.get(joining);
  return word === undefined
    ? expression
    : `${word} by (${groupBy.map(promLabel).join(", ")}) (${expression})`;
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

/** Matchers for all series of a namespace. */
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

/** The escapes of JSON are among those of PromQL. */
function matcher(label: string, operator: "=" | "!=", value: string): string {
  return `${label}${operator}${JSON.stringify(value)}`;
}

/** A label as Prometheus has it. */
export function promLabel(label: string): string {
  return label === processLabel
    ? instanceLabel
    : label.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

const isOfProcesses = ({ namespace }: PromContext): boolean => namespace === installationNamespace;
const isQuantile = (statistic: string): boolean => statistic === "p50" || statistic === "p99";

/** Labels of an answer as the store has them. */
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
