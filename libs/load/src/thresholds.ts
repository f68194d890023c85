/** Thresholds of a load test: a measure, and the limit that it must stay below or reach. */
import { parseDurationMs } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Summary } from "./recorder.ts";

type Unit = "ms" | "share" | "perSecond";

export interface Threshold {
  /** The written name: `run.p99`, `order/run.p99`. */
  readonly name: string;
  /** Item of the mix. Empty: all of them. */
  readonly item: string;
  readonly measure: string;
  readonly unit: Unit;
  readonly limit: number;
}

export interface Verdict {
  readonly name: string;
  readonly unit: Unit;
  readonly limit: number;
  readonly found: number;
  readonly holds: boolean;
}

const measures = "start.p50 … start.p99.9, start.max, start.mean, the same of run, errors, dropped, rate";
const duration = /^(start|run)\.(?:p(\d{1,2}(?:\.\d{1,3})?)|max|mean)$/;

/** Reads a threshold, or returns why it is invalid. A duration or share must be at most the limit, a rate at least. */
export function readThreshold(name: string, limit: Json, items: ReadonlySet<string>): Threshold | string {
  const [, item = "", measure = ""] = /^(?:(.*)\/)?([^/]*)$/.exec(name) ?? [];
  if (item !== "" && !items.has(item)) return `expected an item of the mix before the /, got \`${item}\``;
  const unit = duration.test(measure)
    ? "ms"
    : measure === "errors" || measure === "dropped"
      ? "share"
      : measure === "rate"
        ? "perSecond"
        : undefined;
  if (unit === undefined) return `expected one of ${measures}`;
  const value = unit === "ms" ? durationOf(limit) : unit === "share" ? shareOf(limit) : numberOf(limit);
  if (value === undefined) return `expected ${expectedForms[unit]}, got ${JSON.stringify(limit)}`;
  return { name, item, measure, unit, limit: value };
}

const expectedForms = {
  ms: "a duration such as 200ms",
  share: "a share such as 1%",
  perSecond: "ends per second such as 40",
} as const;

function durationOf(limit: Json): number | undefined {
  return typeof limit === "string" ? parseDurationMs(limit) : undefined;
}

function shareOf(limit: Json): number | undefined {
  const [, percent] = typeof limit === "string" ? (/^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(limit) ?? []) : [];
  const share = Number(percent) / 100;
  return share <= 1 ? share : undefined;
}

function numberOf(limit: Json): number | undefined {
  return typeof limit === "number" ? limit : undefined;
}

/** Judges the thresholds. A measure without a value violates its limit, so a test without any start does not pass. */
export function judge(
  thresholds: readonly Threshold[],
  total: Summary,
  items: ReadonlyMap<string, Summary>,
): readonly Verdict[] {
  return thresholds.map(({ name, item, measure, unit, limit }) => {
    const summary = item === "" ? total : items.get(item);
    const found = summary === undefined ? Number.NaN : measured(summary, measure);
    const holds = unit === "perSecond" ? found >= limit : found <= limit;
    return { name, unit, limit, found: Number.isNaN(found) ? 0 : found, holds };
  });
}

function measured(summary: Summary, measure: string): number {
  if (summary.due === 0) return Number.NaN;
  if (measure === "errors") return summary.errorShare;
  if (measure === "dropped") return summary.dropped / summary.due;
  if (measure === "rate") return summary.endedPerS;
  const [, of = "", percent] = duration.exec(measure) ?? [];
  const histogram = of === "start" ? summary.start : summary.run;
  if (histogram.count === 0) return Number.NaN;
  if (percent !== undefined) return histogram.quantileMs(Number(percent) / 100);
  return measure.endsWith("max") ? histogram.maxMs : histogram.meanMs;
}
