/**
 * All series of the store, each with its number.
 *
 * 1. The number of series in use is bounded, per metric and for the store. Beyond the bound, samples go to one series
 *    of the metric whose only label is `overflow`. So the metric stays complete and the store stays small.
 * 2. A series without a sample for two days is not in use. It can still be queried.
 */
import type { RecordedSeries, Statistic } from "./sample.ts";
import { retention, slotMs } from "./time.ts";

export interface KnownSeries {
  readonly id: number;
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly labels: Readonly<Record<string, string>>;
  lastSlot: number;
}

export interface Bounds {
  readonly seriesMax: number;
  readonly seriesOfMetricMax: number;
}

const overflowLabels = { overflow: "true" } as const;

type Name = Pick<KnownSeries, "namespace" | "metric" | "statistic" | "labels">;

export class Catalogue {
  readonly #bounds: Bounds;
  readonly #byKey = new Map<string, KnownSeries>();
  readonly #byMetric = new Map<string, KnownSeries[]>();
  /** The last count, and its slot. */
  readonly #inUse = new Map<string, number>();
  #allInUse = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #lastId = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#byKey.size;
  }

  add(series: KnownSeries): void {
    this.#byKey.set(keyOf(series), series);
    const name = metricKey(series);
    const all = this.#byMetric.get(name);
    if (all === undefined) this.#byMetric.set(name, [series]);
    else all.push(series);
    this.#lastId = Math.max(this.#lastId, series.id);
    this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1);
    this.#allInUse++;
  }

  remove(series: KnownSeries): void {
    this.#byKey.delete(keyOf(series));
    const rest = this.#byMetric.get(metricKey(series))?.filter((each) => each !== series) ?? [];
    if (rest.length > 0) this.#byMetric.set(metricKey(series), rest);
    else this.#byMetric.delete(metricKey(series));
  }

  of(namespace: string, metric: string): readonly KnownSeries[] {
    return this.#byMetric.get(metricKey({ namespace, metric })) ?? [];
  }

  all(): Iterable<KnownSeries> {
    return this.#byKey.values();
  }

  known(name: Name): KnownSeries | undefined {
    return this.#byKey.get(keyOf(name));
  }

  /**
   * Returns the series that a sample goes to.
   * @param onCreated called with each new series
   */
  seriesFor(
    { namespace, metric, statistic, labels }: RecordedSeries,
    slot: number,
    onCreated: (series: KnownSeries) => void,
  ): { readonly series: KnownSeries; readonly isOverflow: boolean } {
    const name = { namespace, metric, statistic, labels };
    const known = this.#byKey.get(keyOf(name));
    if (known !== undefined) return { series: known, isOverflow: false };
    const isOverflow = this.#isFull(name, slot);
    const place = isOverflow ? { ...name, labels: overflowLabels } : name;
    const there = isOverflow ? this.#byKey.get(keyOf(place)) : undefined;
    if (there !== undefined) return { series: there, isOverflow };
    const series = { ...place, id: this.#lastId + 1, lastSlot: slot };
    this.add(series);
    onCreated(series);
    return { series, isOverflow };
  }

  #isFull(name: Name, slot: number): boolean {
    const { seriesMax, seriesOfMetricMax } = this.#bounds;
    const isOver = () =>
      this.#allInUse >= seriesMax || (this.#inUse.get(metricKey(name)) ?? 0) >= seriesOfMetricMax;
    if (!isOver()) return false;
    // Counts at most once a minute. Otherwise a flood of labels would count all series for each sample.
    if (slot - this.#countedAt >= 6) this.#count(slot);
    return isOver();
  }

  #count(slot: number): void {
    this.#countedAt = slot;
    this.#inUse.clear();
    this.#allInUse = 0;
    for (const series of this.#byKey.values()) {
      if (series.lastSlot < slot - retention.fineMs / slotMs) continue;
      this.#allInUse++;
      this.#inUse.set(metricKey(series), (this.#inUse.get(metricKey(series)) ?? 0) + 1);
    }
  }
}

function metricKey({ namespace, metric }: Pick<Name, "namespace" | "metric">): string {
  return `${namespace}\n${metric}`;
}

function keyOf(name: Name): string {
  return `${metricKey(name)}\n${name.statistic}\n${labelsText(name.labels)}`;
}

/** Returns the same text for the same labels in any order. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels);
  if (names.length > 1) names.sort();
  let text = "";
  for (const name of names) text += `${JSON.stringify(name)}:${JSON.stringify(labels[name])},`;
  return `{${text.slice(0, -1)}}`;
}
