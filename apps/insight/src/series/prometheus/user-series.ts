/**
 * Converts users' metrics for remote write. Workers send increases and quantiles of steps of 10 s. Prometheus expects
 * growing counters, and summaries.
 *
 * 1. A step counts once. A repeated or late step is counted as dropped, because Prometheus accepts no older samples.
 * 2. The number of series is bounded as in the store. Further series of a metric share one series with the label
 *    `overflow`.
 * 3. A counter starts at 0 with this process, and again if its series has not moved for an hour.
 */
import type { MetricWord } from "@tutti/host/metrics";
import type { Counter, Metrics } from "@tutti/kernel";
import type { Sample, WrittenSeries } from "@tutti/telemetry";
import { type Bounds, Catalogue, type KnownSeries } from "../catalogue.ts";
import type { Measured } from "../measured.ts";
import type { RecordedSeries } from "../sample.ts";
import { hourMs, slotMs, slotOf } from "../time.ts";
import { namespaceLabel, promLabel } from "./promql.ts";

interface Standing {
  readonly series: KnownSeries;
  total: number;
  /** Slots before this one have their values. */
  untilSlot: number;
}

const idleSlots = hourMs / slotMs;

export class UserSeries {
  readonly #catalogue: Catalogue;
  readonly #standings = new Map<number, Standing>();
  readonly #kinds = new Map<string, MetricWord>();
  readonly #dropped: Counter<"reason">;
  #sweptSlot = 0;

  constructor(bounds: Bounds, metrics: Metrics) {
    this.#catalogue = new Catalogue(bounds);
    this.#dropped = metrics.counter({
      name: "tutti_insight_remote_write_samples_dropped_total",
      help: "Samples of users' metrics that were not sent by remote write, because they came late or twice.",
      labels: ["reason"],
    });
  }

  /** Returns the new samples of a batch, in the order of time. */
  written({ metrics, series }: Measured, nowMs: number): WrittenSeries[] {
    for (const { namespace, name, kind } of metrics) this.#kinds.set(`${namespace}\n${name}`, kind);
    this.#sweep(slotOf(nowMs));
    const slots = new Map<number, Map<number, number>>();
    for (const one of series) this.#gather(one, slots);
    return [...slots].flatMap(([id, values]) => {
      const standing = this.#standings.get(id);
      return standing === undefined ? [] : this.#written(standing, values);
    });
  }

  /** Combines the values of series that share a place: the maximum of quantiles, the sum of others. */
  #gather(one: RecordedSeries, slots: Map<number, Map<number, number>>): void {
    const first = slotOf(one.fromMs);
    const { series } = this.#catalogue.take(one, first + one.values.length, (made) =>
      this.#standings.set(made.id, { series: made, total: 0, untilSlot: 0 }),
    );
    series.lastSlot = Math.max(series.lastSlot, first + one.values.length);
    const own = slots.get(series.id) ?? new Map<number, number>();
    slots.set(series.id, own);
    for (const [at, value] of one.values.entries()) {
      if (Number.isNaN(value)) continue;
      const before = own.get(first + at);
      const isQuantile = one.statistic === "p50" || one.statistic === "p99";
      own.set(
        first + at,
        before === undefined ? value : isQuantile ? Math.max(before, value) : before + value,
      );
    }
  }

  #written(standing: Standing, values: ReadonlyMap<number, number>): WrittenSeries[] {
    const { series } = standing;
    const samples: Sample[] = [];
    for (const [slot, value] of [...values].sort(([one], [other]) => one - other)) {
      if (slot < standing.untilSlot) {
        this.#dropped.with({ reason: "late" }).add();
        continue;
      }
      if (series.statistic === "rate") {
        if (standing.untilSlot === 0) samples.push({ timeMs: slot * slotMs, value: 0 });
        standing.total += (value * slotMs) / 1_000;
        samples.push({ timeMs: (slot + 1) * slotMs, value: standing.total });
      } else samples.push({ timeMs: slot * slotMs, value });
      standing.untilSlot = slot + 1;
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
    for (const [id, { series }] of this.#standings) {
      if (series.lastSlot >= slot - idleSlots) continue;
      this.#catalogue.remove(series);
      this.#standings.delete(id);
    }
  }
}
