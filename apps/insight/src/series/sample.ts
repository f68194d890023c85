/** What is recorded, as it passes between threads. */
import type { MetricWord } from "@tutti/host/metrics";
import type { SampledSeries } from "@tutti/telemetry";

export type Statistic = SampledSeries["statistic"];

export interface RecordedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly kind: MetricWord;
  readonly help: string;
  readonly unit: string;
  readonly labels: readonly string[];
}

/** Values of a series, one each 10 s. Not a number where there is none. */
export interface RecordedSeries {
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly labels: Readonly<Record<string, string>>;
  /** When the first value starts, since 1970. */
  readonly fromMs: number;
  readonly values: Float64Array;
  /** Zeros alone make no new series: most gauges of a process never move. */
  readonly isSparse?: boolean;
}

export interface SampleBatch {
  readonly nowMs: number;
  readonly metrics: readonly RecordedMetric[];
  readonly series: readonly RecordedSeries[];
}

/** What became of a batch. */
export interface RecordOutcome {
  readonly recorded: number;
  /** Too old. */
  readonly late: number;
  /** From the future: the clock of their process is wrong. */
  readonly ahead: number;
  /** Samples that share a series, because the metric has too many. */
  readonly overflowed: number;
  /** Metrics that have too many series now, and had not before. */
  readonly overflowing: readonly string[];
  readonly series: number;
  readonly bytes: number;
  /** Blocks that were damaged, since the store was opened. */
  readonly damaged: number;
  /** Where a damaged file was put when the store was opened. */
  readonly putAside: { readonly file: string; readonly reason: string } | undefined;
}
