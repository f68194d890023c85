/**
 * The recent past of all metrics, for dashboards without a Prometheus: every second for ten minutes, every two minutes
 * for a day.
 *
 * 1. Memory is bounded. Default: 8 MiB. Counters and histograms that never moved, and gauges that have always been zero,
 *    take none. Series beyond the bound are skipped, counted, and logged once.
 * 2. Times come from the monotonic clock. A second without a sample is a gap and has no invented value.
 * 3. A removed series keeps its past until an existing one needs the memory.
 * 4. A waiting series is checked for movement once per sample, because the check is the largest cost of a sample.
 */
import type { Clock, Logger, Timer, Timers } from "@tutti/kernel";
import type { MetricsRegistry } from "../metrics/registry.ts";
import {
  fine,
  fineInCoarse,
  laneShapes,
  type Past,
  type Resolution,
  type Statistic,
  type Steps,
} from "./lane.ts";
import { type Source, sourcesOf, zerosOf } from "./source.ts";
import { type Track, trackBytes } from "./track.ts";

export interface SampleRingOptions {
  readonly registry: MetricsRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Default 8 MiB. */
  readonly maxBytes?: number;
}

/** The samples of one series, oldest first. */
export interface SampledSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `rate` per second for counters, `value` for gauges, all except `value` for histograms. */
  readonly statistic: Statistic;
  readonly stepMs: number;
  /** Time of the first sample, since the epoch. */
  readonly fromMs: number;
  /** null if not sampled, and for a quantile without values. */
  readonly values: readonly (number | null)[] | Float64Array;
}

interface Tracked {
  readonly source: Source;
  readonly track: Track;
  readonly bytes: number;
  alive: boolean;
}

interface Named {
  readonly tracked: Tracked[];
  readonly waiting: Source[];
}

/** Constants need no past. */
const withoutPast = /_(info|start_time_seconds|timestamp_seconds)$/;
/** Nor do events that happen once in the life of a process. Matches the key of their series. */
const ofStarting = /^tutti_orchestrator_(?:start_duration_seconds\{|step_[a-z_]+\{.*pipeline="start-up")/;
/** The ring's own metrics are always tracked, because they report that the ring is full. */
const ofTheRing = /^tutti_telemetry_ring_/;

export class SampleRing {
  readonly #options: SampleRingOptions;
  readonly #maxBytes: number;
  readonly #tracked = new Map<string, Tracked>();
  /** Series that are not tracked yet. */
  #waiting: Source[] = [];
  /** Tracked and waiting series by metric, because insight queries all metrics one by one. Undefined after a change. */
  #byName: ReadonlyMap<string, Named> | undefined;
  readonly #stops: (() => void)[] = [];
  #bytes = 0;
  /** Number of moved series for which there was no memory. */
  #untracked = 0;
  #revision = -1;
  #timer: Timer | undefined;
  /** Number of steps that were sampled or skipped, and the time of the last sample. */
  readonly #last: Record<Resolution, { number: number; atMs: number }>;
  #warned = false;

  constructor(options: SampleRingOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? 8 * 1024 * 1024;
    const atMs = options.clock.monotonic();
    this.#last = { fine: { number: 0, atMs }, coarse: { number: 0, atMs } };
  }

  /** Starts to sample, once a second. */
  start(): void {
    const { timers, clock, registry } = this.#options;
    if (this.#timer !== undefined) return;
    const atMs = clock.monotonic();
    this.#last.fine.atMs = atMs;
    this.#last.coarse.atMs = atMs;
    const bytes = { name: "tutti_telemetry_ring_bytes", help: "Memory of the buffer of recent samples." };
    const untracked = {
      name: "tutti_telemetry_ring_untracked_series",
      help: "Series without history because the buffer of recent samples is full.",
    };
    this.#stops.push(
      registry.gauge(bytes).observe({}, () => this.#bytes),
      registry.gauge(untracked).observe({}, () => this.#untracked),
    );
    this.#rescan(true);
    this.#timer = timers.every(fine.stepMs, () => this.sample());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Samples all series once. Called by the timer. */
  sample(): void {
    const atMs = this.#options.clock.monotonic();
    this.#rescan(false);
    this.#adopt();
    const number = this.#step("fine", atMs, steps(atMs - this.#last.fine.atMs, fine.stepMs));
    const due = Math.floor(number / fineInCoarse) - this.#last.coarse.number;
    if (due > 0) this.#step("coarse", atMs, due);
  }

  /**
   * Returns the samples of a metric since a time, for all its series with these labels. The steps are seconds if the
   * whole time lies in the last ten minutes or the process is younger than that. Otherwise they are two minutes.
   *
   * @param statistic only this statistic of each series. Default: all.
   */
  series(
    name: string,
    labels: Readonly<Record<string, string>>,
    sinceMs: number,
    statistic?: Statistic,
  ): SampledSeries[] {
    const { clock } = this.#options;
    const fineRangeMs = fine.slots * fine.stepMs;
    // A young process has its whole past in seconds, for any requested time.
    const isYoung = this.#last.fine.number < fine.slots;
    const resolution = isYoung || sinceMs >= clock.now() - fineRangeMs ? "fine" : "coarse";
    const result: SampledSeries[] = [];
    for (const { source, pasts } of this.#knownSeries(name)) {
      const own = labelsOf(source);
      if (Object.entries(labels).some(([label, value]) => own[label] !== value)) continue;
      for (const past of pasts)
        if (statistic === undefined || past.statistic === statistic)
          result.push({
            name,
            labels: own,
            statistic: past.statistic,
            ...this.#slice(past, resolution, sinceMs),
          });
    }
    return result;
  }

  /** Yields the series of a metric with a known past: tracked series, and gauges that have always been zero. */
  *#knownSeries(name: string): Generator<{ readonly source: Source; readonly pasts: readonly Past[] }> {
    const { tracked = [], waiting = [] } = this.#named(name) ?? {};
    for (const { source, track } of tracked) yield { source, pasts: track.lanes };
    for (const source of waiting)
      if (source.family.kind === "gauge" && !source.moved()) yield { source, pasts: [zerosOf(source)] };
  }

  #named(name: string): Named | undefined {
    if (this.#byName === undefined) {
      const byName = new Map<string, Named>();
      const of = ({ family }: Source): Named => {
        const found = byName.get(family.name) ?? { tracked: [], waiting: [] };
        byName.set(family.name, found);
        return found;
      };
      for (const tracked of this.#tracked.values()) of(tracked.source).tracked.push(tracked);
      for (const source of this.#waiting) of(source).waiting.push(source);
      this.#byName = byName;
    }
    return this.#byName.get(name);
  }

  get #steps(): Steps {
    return { fine: this.#last.fine.number, coarse: this.#last.coarse.number };
  }

  #slice(
    past: Past,
    resolution: Resolution,
    sinceMs: number,
  ): Omit<SampledSeries, "name" | "labels" | "statistic"> {
    const { clock } = this.#options;
    const { stepMs, slots } = laneShapes[resolution];
    const last = this.#last[resolution];
    const lastAtMs = clock.now() - (clock.monotonic() - last.atMs);
    const requested = Math.floor((lastAtMs - sinceMs) / stepMs) + 1;
    const count = Math.max(0, Math.min(requested, last.number, slots));
    const values: (number | null)[] = [];
    for (let number = last.number - count + 1; number <= last.number; number += 1) {
      const value = past.at(resolution, number);
      values.push(Number.isNaN(value) ? null : value);
    }
    return { stepMs, fromMs: Math.round(lastAtMs - Math.max(0, count - 1) * stepMs), values };
  }

  /** Samples one slot and clears the skipped slots before it. */
  #step(resolution: Resolution, atMs: number, count: number): number {
    const last = this.#last[resolution];
    const { slots } = laneShapes[resolution];
    const elapsedSeconds = Math.max(0.001, (atMs - last.atMs) / 1000);
    const number = last.number + count;
    const firstBlank = Math.max(last.number + 1, number - slots + 1);
    const slot = number % slots;
    for (const { track, alive } of this.#tracked.values()) {
      for (let blank = firstBlank; blank < number; blank += 1) blankSlot(track, resolution, blank % slots);
      if (alive) track.sample(resolution, slot, elapsedSeconds);
      else blankSlot(track, resolution, slot);
    }
    last.number = number;
    last.atMs = atMs;
    return number;
  }

  /** Finds added and removed series. */
  #rescan(old: boolean): void {
    const { registry } = this.#options;
    if (registry.revision === this.#revision) return;
    this.#revision = registry.revision;
    this.#byName = undefined;
    for (const tracked of this.#tracked.values()) tracked.alive = false;
    const waiting = new Map(this.#waiting.map((source) => [source.cell, source]));
    this.#waiting = [];
    for (const family of registry.families()) {
      if (withoutPast.test(family.name)) continue;
      for (const source of sourcesOf(family, old, this.#steps)) {
        if (ofStarting.test(source.key)) continue;
        const tracked = this.#tracked.get(source.key);
        if (tracked?.source.cell === source.cell) tracked.alive = true;
        else this.#waiting.push(waiting.get(source.cell) ?? source);
      }
    }
  }

  /** Starts to track moved series while there is memory. Usually there are none, and then it allocates nothing. */
  #adopt(): void {
    this.#untracked = 0;
    let remaining: Source[] | undefined;
    for (let index = 0; index < this.#waiting.length; index++) {
      const source = this.#waiting[index] as Source;
      const shouldTrack = source.moved() || ofTheRing.test(source.key);
      if (shouldTrack && this.#track(source)) remaining ??= this.#waiting.slice(0, index);
      else remaining?.push(source);
    }
    if (remaining !== undefined) this.#waiting = remaining;
  }

  /** Starts to track a series. Returns false if there is no memory for it. */
  #track(source: Source): boolean {
    const { key, family } = source;
    const bytes = trackBytes(family.kind, family.bounds.length);
    const isNew = !this.#tracked.has(key);
    this.#remove(key);
    if (!this.#makeRoom(bytes)) {
      this.#untracked++;
      return false;
    }
    this.#tracked.set(key, { source, track: source.track(this.#steps, isNew), bytes, alive: true });
    this.#bytes += bytes;
    this.#byName = undefined;
    return true;
  }

  #makeRoom(bytes: number): boolean {
    for (const [key, { alive }] of this.#tracked) {
      if (this.#bytes + bytes <= this.#maxBytes) return true;
      if (!alive) this.#remove(key);
    }
    if (this.#bytes + bytes <= this.#maxBytes) return true;
    if (!this.#warned) {
      this.#warned = true;
      this.#options.logger.warn(
        "sample buffer is full, further series have no history: raise metrics.ringMaxBytes",
        { maxBytes: this.#maxBytes, series: this.#tracked.size },
      );
    }
    return false;
  }

  #remove(key: string): void {
    const tracked = this.#tracked.get(key);
    if (tracked === undefined) return;
    this.#tracked.delete(key);
    this.#bytes -= tracked.bytes;
    this.#byName = undefined;
  }
}

function steps(elapsedMs: number, stepMs: number): number {
  return Math.max(1, Math.round(elapsedMs / stepMs));
}

function blankSlot(track: Track, resolution: Resolution, slot: number): void {
  for (const lane of track.lanes) lane[resolution][slot] = Number.NaN;
}

function labelsOf({ family, labelValues }: Source): Record<string, string> {
  return Object.fromEntries(family.labels.map((label, index) => [label, labelValues[index] ?? ""]));
}
