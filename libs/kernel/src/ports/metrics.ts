/**
 * Metrics of the running system. Instruments are made once and bound to their label values before the hot path, so that
 * recording is one method call on a plain object. Names follow Prometheus: snake case, unit last, `_total` on counters.
 * Label values must come from a bounded set. Never an id, a path or a user's text. A repeated request of the same name
 * returns the same instrument. The same name with another kind, other labels or another help is refused, because a
 * scrape could not distinguish them.
 */
export interface Metrics {
  counter<L extends string = never>(description: MetricDescription<L>): Counter<L>;
  gauge<L extends string = never>(description: MetricDescription<L>): Gauge<L>;
  histogram<L extends string = never>(
    description: MetricDescription<L> & { readonly buckets?: readonly number[] },
  ): Histogram<L>;
}

export interface MetricDescription<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export type LabelValues<L extends string> = Readonly<Record<L, string>>;

export interface CounterCell {
  add(amount?: number): void;
}
export interface GaugeCell {
  set(value: number): void;
  add(amount: number): void;
}
export interface HistogramCell {
  observe(value: number): void;
}

export interface Counter<L extends string> {
  with(labels: LabelValues<L>): CounterCell;
}
export interface Gauge<L extends string> {
  with(labels: LabelValues<L>): GaugeCell;
  /** Reads the value at scrape time. Returns a function that stops that. */
  observe(labels: LabelValues<L>, read: () => number): () => void;
}
export interface Histogram<L extends string> {
  with(labels: LabelValues<L>): HistogramCell;
}

const cell = { add(): void {}, set(): void {}, observe(): void {} };
const instrument = { with: () => cell, observe: () => () => {} };

export const silentMetrics: Metrics = {
  counter: () => instrument,
  gauge: () => instrument,
  histogram: () => instrument,
};
