/**
 * Selects the statistic of a metric in the ring that answers a query, and the reduction of its samples to one value.
 */
import { enumName } from "@tutti/contracts/enum";
import { Aggregation, type SeriesQuery } from "@tutti/contracts/insight/v1";
import type { SampledSeries } from "@tutti/telemetry";
import { metricErrors } from "./errors.ts";

export interface Figure {
  readonly statistic: SampledSeries["statistic"];
  /** Reduces the samples of a step, at least one. Each is `sampleMs` wide. */
  reduce(samples: readonly number[], sampleMs: number): number;
}

export type MetricKindName = "counter" | "gauge" | "histogram";

const { AGGREGATION_UNSPECIFIED, AGGREGATION_SUM, AGGREGATION_MEAN, AGGREGATION_MIN } = Aggregation;
const { AGGREGATION_MAX, AGGREGATION_LAST, AGGREGATION_COUNT, AGGREGATION_RATE } = Aggregation;
const { AGGREGATION_INCREASE, AGGREGATION_QUANTILE } = Aggregation;

const sum = (samples: readonly number[]): number => samples.reduce((total, sample) => total + sample, 0);
const mean = (samples: readonly number[]): number => sum(samples) / samples.length;
const least = (samples: readonly number[]): number => Math.min(...samples);
const greatest = (samples: readonly number[]): number => Math.max(...samples);
const increase = (samples: readonly number[], sampleMs: number): number => (sum(samples) * sampleMs) / 1_000;

/** Functions that reduce several values to one. */
const reducers = new Map<Aggregation, (samples: readonly number[]) => number>([
  [AGGREGATION_SUM, sum],
  [AGGREGATION_MEAN, mean],
  [AGGREGATION_MIN, least],
  [AGGREGATION_MAX, greatest],
  [AGGREGATION_COUNT, (samples) => samples.length],
]);

export function reducerOf(aggregation: Aggregation): ((samples: readonly number[]) => number) | undefined {
  return reducers.get(aggregation);
}

export function figureOf(kind: MetricKindName, { metric, overTime, quantile }: SeriesQuery): Figure {
  const figure = kind === "gauge" ? ofGauge(overTime) : ofGrowing(kind, overTime, quantile);
  if (figure !== undefined) return figure;
  const found = overTime === AGGREGATION_QUANTILE ? `the quantile ${quantile}` : aggregationName(overTime);
  throw metricErrors.notAnswerable({ metric, expected: answers[kind], found });
}

const answers: Readonly<Record<MetricKindName, string>> = {
  counter: "rate, increase, mean, min or max over time of a counter",
  gauge: "last, mean, min, max, sum or count over time of a gauge",
  histogram: "rate, increase, or the quantile 0.5 or 0.99 of a histogram",
};

function ofGauge(overTime: Aggregation): Figure | undefined {
  if (overTime === AGGREGATION_UNSPECIFIED) return { statistic: "value", reduce: mean };
  if (overTime === AGGREGATION_LAST)
    return { statistic: "value", reduce: (samples) => samples.at(-1) ?? Number.NaN };
  const reduce = reducers.get(overTime);
  return reduce && { statistic: "value", reduce };
}

function ofGrowing(kind: MetricKindName, overTime: Aggregation, quantile: number): Figure | undefined {
  switch (overTime) {
    case AGGREGATION_UNSPECIFIED:
    case AGGREGATION_RATE:
      return { statistic: "rate", reduce: mean };
    case AGGREGATION_INCREASE:
      return { statistic: "rate", reduce: increase };
    case AGGREGATION_QUANTILE:
      // Quantiles of short periods cannot be joined to one of a long period. The worst of them hides nothing.
      if (kind !== "histogram" || (quantile !== 0.5 && quantile !== 0.99)) return undefined;
      return { statistic: quantile === 0.5 ? "p50" : "p99", reduce: greatest };
    case AGGREGATION_MEAN:
      return kind === "counter" ? { statistic: "rate", reduce: mean } : undefined;
    case AGGREGATION_MIN:
      return kind === "counter" ? { statistic: "rate", reduce: least } : undefined;
    case AGGREGATION_MAX:
      return kind === "counter" ? { statistic: "rate", reduce: greatest } : undefined;
    default:
      return undefined;
  }
}

/** `AGGREGATION_SUM` → `sum` */
export function aggregationName(aggregation: Aggregation): string {
  return enumName(Aggregation, aggregation).replace("AGGREGATION_", "").toLowerCase();
}
