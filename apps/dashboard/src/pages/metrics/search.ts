/** The search parameters of the metrics page. */
import { installationNamespace } from "../../data/in-namespace.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Each range with its length and how often it is read again. */
export const ranges = {
  "5m": { word: "5 minutes", ms: 5 * minute, againMs: 5_000 },
  "15m": { word: "15 minutes", ms: 15 * minute, againMs: 10_000 },
  "1h": { word: "1 hour", ms: hour, againMs: 15_000 },
  "6h": { word: "6 hours", ms: 6 * hour, againMs: 60_000 },
  "24h": { word: "24 hours", ms: day, againMs: 120_000 },
  "2d": { word: "2 days", ms: 2 * day, againMs: 300_000 },
  "7d": { word: "7 days", ms: 7 * day, againMs: 300_000 },
  "30d": { word: "30 days", ms: 30 * day, againMs: 600_000 },
  "90d": { word: "90 days", ms: 90 * day, againMs: 600_000 },
} as const;

export type Range = keyof typeof ranges;
export const rangeOrder = Object.keys(ranges) as readonly Range[];

export const joins = ["sum", "mean", "min", "max", "count"] as const;
export type Join = (typeof joins)[number];

/** `system` has the metrics of the installation. */
export const installation = installationNamespace;

export interface MetricsSearch {
  readonly metric?: string;
  readonly range?: Range;
  /** `own`: metrics that workers record in the namespace of this tab. Default: those of the installation. */
  readonly scope?: "own";
  readonly process?: string;
  /** A label whose values stay apart. */
  readonly by?: string;
  readonly over?: Join;
  /** Part of the names of metrics. */
  readonly text?: string;
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export function metricsSearch(search: Readonly<Record<string, unknown>>): MetricsSearch {
  const range = rangeOrder.find((each) => each === search["range"]);
  const over = joins.find((each) => each === search["over"]);
  const texts = {
    metric: nonEmpty(search["metric"]),
    process: nonEmpty(search["process"]),
    by: nonEmpty(search["by"]),
  };
  const text = nonEmpty(search["text"]);
  return {
    ...(texts.metric === undefined ? {} : { metric: texts.metric }),
    ...(texts.process === undefined ? {} : { process: texts.process }),
    ...(texts.by === undefined ? {} : { by: texts.by }),
    ...(text === undefined ? {} : { text }),
    ...(range === undefined ? {} : { range }),
    ...(over === undefined ? {} : { over }),
    ...(search["scope"] === "own" ? { scope: "own" } : {}),
  };
}

/** Steps that a picture shows. Values come each 10 s, or each minute from further back than two days. */
export function pointsOf(range: Range): number {
  return Math.min(360, ranges[range].ms / 10_000);
}
