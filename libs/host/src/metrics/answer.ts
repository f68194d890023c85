/** Answers queries of series from any store of samples: the ring of a process, or the store of insight. */
import type { QuerySeriesRequest, Series, SeriesQuery } from "@tutti/contracts/insight/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { fromTimestamp, nearest, toTimestamp } from "@tutti/kernel";
import type { SampledSeries } from "@tutti/telemetry";
import { metricErrors } from "./errors.ts";
import { aggregationName, figureOf, type MetricKindName, reducerOf } from "./figure.ts";
import { joined, stepsOf, type TimeRange, toSteps } from "./steps.ts";

/** A store of samples. */
export interface SeriesSource {
  /** Undefined for an unknown metric. */
  kindOf(metric: string): MetricKindName | undefined;
  names(): readonly string[];
  /** Returns the samples of a metric in the span, of its series with these labels. */
  series(
    metric: string,
    equals: Readonly<Record<string, string>>,
    requested: RequestedRange,
  ): readonly SampledSeries[];
}

export interface RequestedRange extends TimeRange {
  /** Distance between values. 0 means a suitable one for the span. */
  readonly stepMs: number;
  /** The only statistic to return of each series. */
  readonly statistic: SampledSeries["statistic"];
}

const valuesMax = 1_000_000;
const defaultRangeMs = 3_600_000;

export function answerSeries(
  source: SeriesSource,
  { queries, span, stepMs }: Pick<QuerySeriesRequest, "queries" | "span" | "stepMs">,
  nowMs: number,
): Series[] {
  const toMs = Math.min(nowMs, span?.to === undefined ? nowMs : fromTimestamp(span.to));
  const fromMs = span?.from === undefined ? toMs - defaultRangeMs : fromTimestamp(span.from);
  const series: Series[] = [];
  let values = 0;
  for (const each of queries)
    for (const result of seriesOf(source, each, { fromMs: Math.min(fromMs, toMs), toMs, stepMs })) {
      values += result.values.length;
      if (values > valuesMax) throw metricErrors.tooManyValues({ most: valuesMax });
      series.push(result);
    }
  return series;
}

function* seriesOf(
  source: SeriesSource,
  query: SeriesQuery,
  range: Omit<RequestedRange, "statistic">,
): Generator<Series> {
  const { metric, labels, overSeries, groupBy } = query;
  const kind = source.kindOf(metric);
  if (kind === undefined)
    throw metricErrors.unknown({ metric, suggestion: nearest(metric, [...source.names()]) });
  const figure = figureOf(kind, query);
  const reduce = reducerOf(overSeries);
  if (reduce === undefined && (overSeries !== 0 || groupBy.length > 0)) {
    const found =
      overSeries === 0 ? "labels that stay apart, and none of these" : aggregationName(overSeries);
    throw metricErrors.notAnswerable({ metric, expected: "sum, mean, min, max or count over series", found });
  }
  const selected = source
    .series(metric, labels?.equals ?? {}, { ...range, statistic: figure.statistic })
    .filter((series) => series.statistic === figure.statistic && isSelected(series.labels, labels))
    .map((series) => until(series, range.toMs));
  const [first] = selected;
  if (first === undefined) return;
  const steps = stepsOf(range, range.stepMs, first.stepMs);
  if (steps.count > valuesMax) throw metricErrors.tooManyValues({ most: valuesMax });
  const answer = (own: Readonly<Record<string, string>>, values: number[]): Series => ({
    queryId: query.queryId,
    labels: { ...own },
    values,
    startTime: toTimestamp(steps.fromMs),
    stepMs: steps.stepMs,
  });
  if (reduce === undefined) {
    for (const series of selected) yield answer(series.labels, toSteps(series, steps, figure));
    return;
  }
  for (const group of grouped(selected, groupBy)) {
    const groupLabels = Object.fromEntries(groupBy.map((label) => [label, group[0]?.labels[label] ?? ""]));
    const all = group.map((series) => toSteps(series, steps, figure));
    yield answer(groupLabels, joined(all, reduce));
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
  for (const series of all) {
    const key = JSON.stringify(by.map((label) => series.labels[label] ?? ""));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [series]);
    else group.push(series);
  }
  return groups.values();
}
