/**
 * Converts users' metrics for remote write. Workers send increases and quantiles of steps of 10 s. Prometheus expects
 * growing counters, and summaries.
 *
 * 1. A step counts once. A repeated or late step is counted as dropped, because Prometheus accepts no older samples.
 * 2. The number of series is bounded as in the store. Further series of a metric share one series with the label
 *    `overflow`.
 * 3. A counter starts at 0 with this process, and again if its series has not moved for an hour.
 */
import type { MetricKindName } from "@tutti/host/metrics";
import type { Counter, Metrics } from "@tutti/kernel";
import type { Sample, WrittenSeries } from "@tutti/telemetry";
import { type Bounds, Catalogue, type KnownSeries } from "../catalogue.ts";
import type { Measured } from "../measured.ts";
import type { RecordedSeries } from "../sample.ts";
import { hourMs, slotMs, slotOf } from "../time.ts";
import { namespaceLabel, promLabel } from "./promql.ts";

interface SeriesTotal {
  readonly series: KnownSeries;
  total: number;
  /** Slots before this one have their values. */
  untilSlot: number;
}

const idleSlots = hourMs / slotMs;

export class UserSeries {
  readonly #catalogue: Catalogue;
  readonly #totals = new Map<number, SeriesTotal>();
  readonly #kinds = new Map<string, MetricKindName>();
  readonly #dropped: Counter<"reason">;
  #sweptSlot = 0;

  constructor(bounds: Bounds, metrics: Metrics) {
    this.#catalogue = new Catalogue(bounds);
    this.#dropped = metrics.counter({
      name: "tutti_insight_remote_write_samples_dropped_total",
      help: "Samples of users' metrics that remote write dropped, because they were late or repeated.",
      labels: ["reason"],
    });
  }

  /** Returns the new samples of a batch, in the order of time. */
  written({ metrics, series }: Measured, nowMs: number): WrittenSeries[] {
    for (const { namespace, name, kind } of metrics) this.#kinds.set(`${namespace}\n${name}`, kind);
    this.#sweep(slotOf(nowMs));
    const slots = new Map<number, Map<number, number>>();
    for (const recorded of series) this.#gather(recorded, slots);
    return [...slots].flatMap(([id, values]) => {
      const entry = this.#totals.get(id);
      return entry === undefined ? [] : this.#written(entry, values);
    });
  }

  /** Combines the values of series that share a place: the maximum of quantiles, the sum of others. */
  #gather(recorded: RecordedSeries, slots: Map<number, Map<number, number>>): void {
    const first = slotOf(recorded.fromMs);
    const { series } = this.#catalogue.seriesFor(recorded, first + recorded.values.length, (created) =>
      this.#totals.set(created.id, { series: created, total: 0, untilSlot: 0 }),
    );
    series.lastSlot = Math.max(series.lastSlot, first + recorded.values.length);
    const own = slots.get(series.id) ?? new Map<number, number>();
    slots.set(series.id, own);
    for (const [at, value] of recorded.values.entries()) {
      if (Number.isNaN(value)) continue;
      const before = own.get(first + at);
      const isQuantile = recorded.statistic === "p50" || recorded.statistic === "p99";
      own.set(
        first + at,
        before === undefined ? value : isQuantile ? Math.max(before, value) : before + value,
      );
    }
  }

  #written(entry: SeriesTotal, values: ReadonlyMap<number, number>): WrittenSeries[] {
    const { series } = entry;
    const samples: Sample[] = [];
    for (const [slot, value] of [...values].sort(([one], [other]) => one - other)) {
      if (slot < entry.untilSlot) {
        this.#dropped.with({ reason: "late" }).add();
        continue;
      }
      if (series.statistic === "rate") {
        if (entry.untilSlot === 0) samples.push({ timeMs: slot * slotMs, value: 0 });
        entry.total += (value * slotMs) / 1_000;
        samples.push({ timeMs: (slot + 1) * slotMs, value: entry.total });
      } else samples.push({ timeMs: slot * slotMs, value });
      entry.untilSlot = slot + 1;
    }
    if (samples.length === 0) return [];
    return [{ ...this.#nameOf(series), samples }];
  }

  #nameOf({ namespace, metric, statistic, labels }: KnownSeries): Omit<WrittenSeries, "samples"> {
    const own = Object.entries(labels).map(([label, value]) => [promLabel(label), value]);
    const all = { ...Object.fromEntries(own), [namespaceLabel]: namespace };
    if (statistic === "p50" || statistic === "p99")
      return { name: metric, labels: { ...all, quantile: statistic === "p50" ? "0.5" : "0.99" } };
    const isOfHistogram = statistic === "rate" && this.#kinds.get(`${namespace}\n${metric}`) === "histogram";
    return { name: isOfHistogram ? `${metric}_count` : metric, labels: all };
  }

  #sweep(slot: number): void {
    if (slot - this.#sweptSlot < idleSlots) return;
    this.#sweptSlot = slot;
    for (const [id, { series }] of this.#totals) {
      if (series.lastSlot >= slot - idleSlots) continue;
      this.#catalogue.remove(series);
      this.#totals.delete(id);
    }
  }
}
