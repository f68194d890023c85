/**
 * Metrics of handlers: counters, gauges and distributions, aggregated until they are sent.
 *
 * 1. A value costs a lookup and an addition: no value is sent alone.
 * 2. The number of series is bounded. Beyond it, values of a metric go to one series with the label `overflow`, and
 *    the metric is reported once.
 * 3. Nothing here depends on a server or a clock.
 */
import { sdkErrors } from "../errors.ts";

export type MeasureLabels = Readonly<Record<string, string | number | boolean>>;

export interface MeasureOptions {
  /** Description of the metric, for people. */
  readonly help?: string;
  /** Such as `seconds`, `bytes`, `orders`. */
  readonly unit?: string;
}

/** Grows: orders, bytes, failures. Shown as its increase per second. */
export interface Counter {
  /** Default: 1. */
  add(value?: number, labels?: MeasureLabels): void;
}

/** Goes up and down: a queue, a temperature. A value holds until the next one, for ten minutes at most. */
export interface Gauge {
  set(value: number, labels?: MeasureLabels): void;
}

/** Durations, sizes, prices. Shown as how many there are per second, their median and their 99th percentile. */
export interface Histogram {
  observe(value: number, labels?: MeasureLabels): void;
}

type Kind = "counter" | "gauge" | "histogram";

/** As it is sent. */
export interface Measure {
  readonly name: string;
  readonly kind: Kind;
  readonly description: string;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The increase, the last value, or how many values there were. */
  readonly value: number;
  readonly p50?: number;
  readonly p99?: number;
}

interface MeasuredSeries {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** How many values are in each bucket of a histogram: see `bucketOf`. */
  readonly buckets: Map<number, number>;
  /** Rounds in which nothing came. */
  idleRounds: number;
}

interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly kind: Kind;
  readonly help: string;
  readonly unit: string;
  readonly series: Map<string, MeasuredSeries>;
}

const nameForm = /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/;
const labelForm = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;
const labelsMax = 8;
const valueLengthMax = 200;
const metricsMax = 200;
const seriesOfMetricMax = 100;
/** A series without values for ten minutes is forgotten. */
const idleRoundsMax = 60;
const overflow = { overflow: "true" } as const;

export class MeasureRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #overflowing = new Set<string>();
  readonly #onFirst: () => void;
  readonly #onOverflow: (metric: string) => void;

  /**
   * @param onFirst there is something to be sent from now on
   * @param onOverflow a metric has more series than are kept apart
   */
  constructor(onFirst: () => void = () => {}, onOverflow: (metric: string) => void = () => {}) {
    this.#onFirst = onFirst;
    this.#onOverflow = onOverflow;
  }

  get isEmpty(): boolean {
    return this.#metrics.size === 0;
  }

  counter(namespace: string, name: string, options: MeasureOptions = {}): Counter {
    const metric = this.#metric(namespace, name, "counter", options);
    return {
      add: (value = 1, labels = {}) => {
        requireNumber(name, value, value >= 0, "a number of at least 0");
        this.#series(metric, labels).value += value;
      },
    };
  }

  gauge(namespace: string, name: string, options: MeasureOptions = {}): Gauge {
    const metric = this.#metric(namespace, name, "gauge", options);
    return {
      set: (value, labels = {}) => {
        requireNumber(name, value, true, "a number");
        this.#series(metric, labels).value = value;
      },
    };
  }

  histogram(namespace: string, name: string, options: MeasureOptions = {}): Histogram {
    const metric = this.#metric(namespace, name, "histogram", options);
    return {
      observe: (value, labels = {}) => {
        requireNumber(name, value, value >= 0, "a number of at least 0");
        const series = this.#series(metric, labels);
        const bucket = bucketOf(value);
        series.value++;
        series.buckets.set(bucket, (series.buckets.get(bucket) ?? 0) + 1);
      },
    };
  }

  /** Returns the aggregated values by namespace. They stay until `sent`. */
  measures(): ReadonlyMap<string, readonly Measure[]> {
    const all = [...this.#metrics.values()].flatMap((metric) =>
      [...metric.series.values()].map((series) => ({ namespace: metric.namespace, one: measureOf(series) })),
    );
    const byNamespace = Map.groupBy(all, ({ namespace }) => namespace);
    return new Map([...byNamespace].map(([namespace, own]) => [namespace, own.map(({ one }) => one)]));
  }

  /** Removes values that have arrived. Newer ones stay. */
  sent(namespace: string, measures: readonly Measure[]): void {
    for (const { name, kind, labels, value } of measures) {
      const metric = this.#metrics.get(`${namespace}\n${name}`);
      const series = metric?.series.get(keyOf(labels));
      if (metric === undefined || series === undefined) continue;
      series.idleRounds = value === 0 || kind === "gauge" ? series.idleRounds + 1 : 0;
      if (kind !== "gauge") series.value -= value;
      if (series.value === 0) series.buckets.clear();
      if (series.idleRounds > idleRoundsMax) metric.series.delete(keyOf(labels));
    }
  }

  #metric(namespace: string, name: string, kind: Kind, { help = "", unit = "" }: MeasureOptions): Metric {
    const key = `${namespace}\n${name}`;
    const known = this.#metrics.get(key);
    if (known !== undefined) {
      if (known.kind !== kind)
        throw sdkErrors.metricInvalid({ metric: name, expected: `a ${known.kind}, as before`, found: kind });
      return known;
    }
    if (!nameForm.test(name))
      throw sdkErrors.metricInvalid({ metric: name, expected: "a name such as orders_total", found: name });
    if (this.#metrics.size >= metricsMax)
      throw sdkErrors.metricInvalid({
        metric: name,
        expected: `at most ${metricsMax} metrics of a worker`,
        found: "one more",
      });
    const metric: Metric = { namespace, name, kind, help, unit, series: new Map() };
    this.#metrics.set(key, metric);
    if (this.#metrics.size === 1) this.#onFirst();
    return metric;
  }

  #series(metric: Metric, input: MeasureLabels): MeasuredSeries {
    const labels = textsOf(metric.name, input);
    const key = keyOf(labels);
    const known = metric.series.get(key);
    if (known !== undefined) {
      known.idleRounds = 0;
      return known;
    }
    const isFull = metric.series.size >= seriesOfMetricMax && labels !== overflow;
    if (isFull) {
      if (!this.#overflowing.has(metric.name)) this.#onOverflow(metric.name);
      this.#overflowing.add(metric.name);
      const shared = metric.series.get(keyOf(overflow));
      if (shared !== undefined) return shared;
    }
    const own = isFull ? overflow : labels;
    const series: MeasuredSeries = { metric, labels: own, value: 0, buckets: new Map(), idleRounds: 0 };
    metric.series.set(keyOf(own), series);
    return series;
  }
}

function measureOf({ metric, labels, value, buckets }: MeasuredSeries): Measure {
  const { name, kind, help, unit } = metric;
  const measure = { name, kind, description: help, unit, labels, value };
  if (kind !== "histogram" || value === 0) return measure;
  return { ...measure, p50: quantileOf(buckets, 0.5), p99: quantileOf(buckets, 0.99) };
}

/** Buckets grow by a twentieth: a quantile is right within 3 %. */
const growth = Math.log(1.05);
const least = 1e-9;

function bucketOf(value: number): number {
  return value < least ? Number.NEGATIVE_INFINITY : Math.round(Math.log(value) / growth);
}

function quantileOf(buckets: ReadonlyMap<number, number>, share: number): number {
  const count = [...buckets.values()].reduce((sum, many) => sum + many, 0);
  let cumulative = 0;
  let found = 0;
  for (const [bucket, many] of [...buckets].sort(([one], [other]) => one - other)) {
    found = bucket === Number.NEGATIVE_INFINITY ? 0 : Number(Math.exp(bucket * growth).toPrecision(4));
    cumulative += many;
    if (cumulative >= share * count) break;
  }
  return found;
}

function textsOf(metric: string, labels: MeasureLabels): Readonly<Record<string, string>> {
  const names = Object.keys(labels);
  if (names.length === 0) return noLabels;
  if (names.length > labelsMax)
    throw sdkErrors.metricInvalid({
      metric,
      expected: `at most ${labelsMax} labels`,
      found: `${names.length}`,
    });
  const wrong = names.find((name) => !labelForm.test(name));
  if (wrong !== undefined)
    throw sdkErrors.metricInvalid({ metric, expected: "a label such as route", found: wrong });
  return Object.fromEntries(
    names.sort().map((name) => [name, String(labels[name]).slice(0, valueLengthMax)]),
  );
}

const noLabels: Readonly<Record<string, string>> = {};

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(labels);
}

function requireNumber(metric: string, value: number, isInRange: boolean, expected: string): void {
  if (!Number.isFinite(value) || !isInRange)
    throw sdkErrors.metricInvalid({ metric, expected, found: String(value) });
}
