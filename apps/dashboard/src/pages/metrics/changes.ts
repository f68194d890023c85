/** Abrupt changes and steady drifts of a metric, as the analysis finds them. */
import type { Routes, SeriesQueryInput, Trend } from "@tutti/rest/types";
import { percent } from "../../elements/moments.ts";
import { nameOf, statisticLabel, writtenFor } from "./lines.ts";
import type { Join, MetricsSearch } from "./search.ts";

const overTime: Readonly<Record<string, Pick<SeriesQueryInput, "overTime" | "quantile">>> = {
  rate: { overTime: "rate" },
  value: { overTime: "mean" },
  p50: { overTime: "quantile", quantile: 0.5 },
  p99: { overTime: "quantile", quantile: 0.99 },
};

/** The queries that the pictures of the metric show, one for each figure. */
export function trendQueries(
  metric: string,
  figures: readonly string[],
  { process, over, by }: Pick<MetricsSearch, "process" | "over" | "by">,
): Routes["analysis.trends"]["body"]["queries"] {
  return figures.map((figure) => ({
    queryId: figure,
    metric,
    ...overTime[figure],
    ...(process === undefined ? {} : { labels: { equals: { process } } }),
    ...(over === undefined ? {} : { overSeries: joined(figure, over) }),
    ...(over === undefined || by === undefined ? {} : { groupBy: [by] }),
  }));
}

/** Quantiles have no sum: the greatest one is taken, as in the picture. */
function joined(figure: string, over: Join): Join {
  return /^p\d+$/.test(figure) && (over === "sum" || over === "count") ? "max" : over;
}

export interface Change {
  readonly series: string;
  readonly timeMs: number;
  readonly before: string;
  readonly after: string;
  readonly isRise: boolean;
}

/** Abrupt changes of all series, the latest first. */
export function changesIn(metric: string, trends: readonly Trend[]): readonly Change[] {
  return trends
    .flatMap(({ series, changePoints }) => {
      const written = writtenFor(metric, series?.queryId ?? "");
      return changePoints.map(({ timeMs = 0, before = 0, after = 0 }) => ({
        series: titleOf(metric, series),
        timeMs,
        isRise: after > before,
        before: written(before),
        after: written(after),
      }));
    })
    .sort((one, other) => other.timeMs - one.timeMs);
}

/** Series that rise or fall steadily, in words, the steepest first. */
export function driftsIn(metric: string, trends: readonly Trend[]): readonly string[] {
  return trends
    .filter(({ slopePerDay = 0, confidence = 0 }) => confidence > 0 && slopePerDay !== 0)
    .toSorted((one, other) => Math.abs(other.changePerDay ?? 0) - Math.abs(one.changePerDay ?? 0))
    .map(({ series, slopePerDay = 0, changePerDay = 0 }) => {
      const written = writtenFor(metric, series?.queryId ?? "");
      const verb = slopePerDay > 0 ? "rises" : "falls";
      const share = changePerDay === 0 ? "" : `, ${percent(Math.abs(changePerDay))}`;
      return `${titleOf(metric, series)} ${verb} by ${written(Math.abs(slopePerDay))} a day${share}.`;
    });
}

function titleOf(metric: string, series: Trend["series"]): string {
  const { labels = {}, queryId = "" } = series ?? {};
  return queryId === "value" ? nameOf(labels) : `${nameOf(labels)}, ${statisticLabel(metric, queryId)}`;
}
