/** Aggregates the platform's recent metrics into the few series of the overview. */
import type { MetricSeries } from "@tutti/rest/types";

export interface Line {
  readonly name: string;
  /** Moments in seconds, as charts want them, and what held then. Undefined where nothing was known. */
  readonly atSec: readonly number[];
  readonly values: readonly (number | undefined)[];
}

type Join = (values: readonly number[]) => number;

export const sum: Join = (values) => values.reduce((total, value) => total + value, 0);
const worst: Join = (values) => Math.max(...values);

/** Joins series moment by moment. Moments within the same step count as one, from any process. */
export function joined(name: string, series: readonly MetricSeries[], join: Join, stepMs = 5_000): Line {
  const found = new Map<number, number[]>();
  for (const { points } of series)
    for (const { timeMs, value } of points) {
      if (!Number.isFinite(value)) continue;
      const at = Math.round(timeMs / stepMs) * stepMs;
      const values = found.get(at);
      if (values === undefined) found.set(at, [value]);
      else values.push(value);
    }
  const moments = [...found.keys()].sort((one, other) => one - other);
  return {
    name,
    atSec: moments.map((at) => at / 1_000),
    values: moments.map((at) => join(found.get(at) ?? [])),
  };
}

/** Lines over the same moments: a moment that one of them lacks is a gap in it. */
export function aligned(lines: readonly Line[]): {
  readonly atSec: readonly number[];
  readonly values: readonly (readonly (number | undefined)[])[];
} {
  const moments = [...new Set(lines.flatMap(({ atSec }) => atSec))].sort((one, other) => one - other);
  const values = lines.map(({ atSec, values: own }) => {
    const byMoment = new Map(atSec.map((at, index) => [at, own[index]]));
    return moments.map((at) => byMoment.get(at));
  });
  return { atSec: moments, values };
}

/** Returns the latest figure of a line. Undefined where it has none. */
export function latest({ values }: Line): number | undefined {
  return values.findLast((value) => value !== undefined);
}

const named = (series: readonly MetricSeries[], name: string, figure: string) =>
  series.filter((each) => each.name === name && each.figure === figure);

const isServer = ({ labels }: MetricSeries) => labels["side"] === "server";
const fine = new Set(["OK", "CANCELLED"]);

export const figureMetrics = {
  results: "tutti_swarm_results_total",
  duration: "tutti_mesh_call_duration_seconds",
  calls: "tutti_mesh_calls_total",
} as const;

interface MetricProcess {
  readonly name: string;
  /** Why it does not answer. */
  readonly problem?: string | undefined;
}

/** Names of the processes whose metrics are shown, and those without metrics. */
export function bySilence(processes: readonly MetricProcess[]): {
  readonly answering: readonly string[];
  readonly silent: readonly MetricProcess[];
} {
  return {
    answering: processes.filter(({ problem = "" }) => problem === "").map(({ name }) => name),
    silent: processes.filter(({ problem = "" }) => problem !== ""),
  };
}

/** Tasks done per second. */
export function throughput(series: readonly MetricSeries[]): readonly Line[] {
  return [joined("tasks per second", named(series, figureMetrics.results, "rate"), sum)];
}

/**
 * Returns how long calls take, in milliseconds: the slowest kind of call at each moment. Streams that stay open do not
 * count.
 */
export function latency(series: readonly MetricSeries[]): readonly Line[] {
  return ["p50", "p99"].map((figure) => {
    const answered = named(series, figureMetrics.duration, figure).filter(
      (each) =>
        isServer(each) && !/Watch|Await|Claim|Link|Relay|Offer|Stream/.test(each.labels["method"] ?? ""),
    );
    const line = joined(figure, answered, worst);
    return { ...line, values: line.values.map((value) => (value === undefined ? undefined : value * 1_000)) };
  });
}

/** Calls per second that failed or were refused. */
export function failures(series: readonly MetricSeries[]): readonly Line[] {
  const failed = named(series, figureMetrics.calls, "rate").filter(
    (each) => isServer(each) && !fine.has(each.labels["code"] ?? "OK"),
  );
  return [joined("failed calls per second", failed, sum)];
}
