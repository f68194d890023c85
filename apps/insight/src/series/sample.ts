/** Types of recorded samples, as they pass between threads. */
import type { MetricKindName } from "@tutti/host/metrics";
import type { SampledSeries } from "@tutti/telemetry";

export type Statistic = SampledSeries["statistic"];

export interface RecordedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly kind: MetricKindName;
  readonly help: string;
  readonly unit: string;
  readonly labels: readonly string[];
}

/** Values of a series, one per 10 s. A gap is not a number. */
export interface RecordedSeries {
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly labels: Readonly<Record<string, string>>;
  /** Start of the first value, since 1970. */
  readonly fromMs: number;
  readonly values: Float64Array;
  /** True if zeros alone create no new series: most gauges of a process never move. */
  readonly isSparse?: boolean;
}

export interface SampleBatch {
  readonly nowMs: number;
  readonly metrics: readonly RecordedMetric[];
  readonly series: readonly RecordedSeries[];
}

/** Result of recording a batch. */
export interface RecordOutcome {
  readonly recorded: number;
  /** Number of samples that were too old. */
  readonly late: number;
  /** Number of samples from the future: the clock of their process is wrong. */
  readonly ahead: number;
  /** Samples that share a series, because the metric has too many. */
  readonly overflowed: number;
  /** Metrics that have exceeded their maximum of series with this batch. */
  readonly overflowing: readonly string[];
  readonly series: number;
  readonly bytes: number;
  /** Blocks that were damaged, since the store was opened. */
  readonly damaged: number;
  /** Path of a damaged file that was moved when the store was opened. */
  readonly movedAside: { readonly file: string; readonly reason: string } | undefined;
}
