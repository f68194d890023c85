/** Series as lines of a picture, and as rows of the table below it. */

import { processName } from "@tutti/rest/text";
import type { MetricSeries } from "@tutti/rest/types";
import { bytes, figure, percent, span } from "../../elements/moments.ts";

/** Maximum number of lines with their own colour. The table lists all of them. */
export const linesMax = 8;

export interface SeriesLine {
  readonly name: string;
  readonly latest: number | undefined;
  readonly mean: number;
  readonly max: number;
  readonly points: MetricSeries["points"];
}

/** Those of one figure, the greatest first. */
export function linesOf(series: readonly MetricSeries[], statistic: string): readonly SeriesLine[] {
  return series
    .filter(({ figure: own, points }) => own === statistic && points.length > 0)
    .map(({ labels, points }) => {
      const values = points.map(({ value }) => value);
      return {
        name: nameOf(labels),
        latest: values.at(-1),
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
        max: Math.max(...values),
        points,
      };
    })
    .sort((one, other) => other.max - one.max || one.name.localeCompare(other.name));
}

/** The values of its labels, with their names where that helps. */
export function nameOf(labels: Readonly<Record<string, string>>): string {
  const known = Object.entries(labels).filter(([, value]) => value !== "");
  const [only] = known;
  if (only === undefined) return "all";
  if (known.length === 1) return only[0] === "process" ? processName(only[1]) : only[1];
  return known
    .sort(([one], [other]) => Number(one === "process") - Number(other === "process"))
    .map(([label, value]) => (label === "process" ? processName(value) : `${label}=${value}`))
    .join(" ");
}

export interface ChartData {
  readonly atSec: readonly number[];
  readonly values: readonly (readonly (number | undefined)[])[];
}

/** Lines over the same moments. A time without values is a gap in all of them. */
export function chartDataOf(lines: readonly Pick<SeriesLine, "points">[], stepMs: number): ChartData {
  const moments = [...new Set(lines.flatMap(({ points }) => points.map(({ timeMs }) => timeMs)))].sort(
    (one, other) => one - other,
  );
  const at = moments.flatMap((moment, index) => {
    const before = moments[index - 1];
    return before !== undefined && moment - before > 2.5 * stepMs ? [before + stepMs, moment] : [moment];
  });
  return {
    atSec: at.map((ms) => ms / 1_000),
    values: lines.map(({ points }) => {
      const byMoment = new Map(points.map(({ timeMs, value }) => [timeMs, value]));
      return at.map((moment) => byMoment.get(moment));
    }),
  };
}

/** How values of a metric are written: names end in their unit. */
export function writtenFor(metric: string, statistic: string): (value: number) => string {
  const isRate = statistic === "rate";
  if (/_seconds(_total)?$/.test(metric))
    return isRate ? (value) => figure(value) : (value) => span(value * 1_000);
  if (/_ms$/.test(metric) && !isRate) return (value) => span(value);
  if (/_bytes(_total)?$/.test(metric)) return isRate ? (value) => `${bytes(value)}/s` : bytes;
  if (/_ratio$/.test(metric) && !isRate) return percent;
  return (value) => figure(value);
}

const words: Readonly<Record<string, string>> = { rate: "per second", p50: "median", p99: "99th percentile" };

/**
 * Names the statistic of a metric. Empty for the value itself: its unit is at each number. `rate` is the increase per
 * second: for CPU seconds, the number of CPUs in use.
 */
export function statisticLabel(metric: string, statistic: string): string {
  if (statistic === "value") return "";
  if (statistic === "rate" && /_cpu_.*seconds_total$/.test(metric)) return "CPUs in use";
  return words[statistic] ?? statistic;
}

export const tokens = [
  ...["--playing", "--held", "--done", "--wrong", "--back", "--again"],
  ...["--voice-swarm", "--voice-workflow"],
] as const;
