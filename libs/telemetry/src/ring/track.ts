/**
 * Samples a series into its lanes: a gauge as its value, a counter as its rate. A histogram is sampled as the rate and
 * the quantiles of the values counted since the last sample.
 *
 * 1. A coarse value is computed over its whole step and not averaged from fine values, because a median of medians is no
 *    median. Only a gauge, which has no sum, is averaged.
 * 2. A counter that decreased (its source restarted) counts from zero.
 */
import { quantileOf } from "../metrics/buckets.ts";
import type { HistogramValue } from "../metrics/cells.ts";
import { Lane, laneBytes, type Resolution } from "./lane.ts";

export interface Track {
  readonly lanes: readonly Lane[];
  sample(resolution: Resolution, slot: number, elapsedSeconds: number): void;
}

interface Readable {
  read(): number;
}

export class GaugeTrack implements Track {
  readonly lanes: readonly [Lane];
  readonly #gauge: Readable;
  #sum = 0;
  #samples = 0;

  /**
   * @param lane the known values of the time before.
   * @param zeros number of zero samples in the current two minutes.
   */
  constructor(gauge: Readable, lane: Lane = new Lane("value"), zeros = 0) {
    this.lanes = [lane];
    this.#gauge = gauge;
    this.#samples = zeros;
  }

  sample(resolution: Resolution, slot: number): void {
    const [lane] = this.lanes;
    if (resolution === "fine") {
      const value = this.#gauge.read();
      lane.fine[slot] = value;
      if (Number.isNaN(value)) return;
      this.#sum += value;
      this.#samples += 1;
    } else {
      lane.coarse[slot] = this.#sum / this.#samples;
      this.#sum = 0;
      this.#samples = 0;
    }
  }
}

export class CounterTrack implements Track {
  readonly lanes: readonly [Lane];
  readonly #counter: Readable;
  readonly #before: Record<Resolution, number>;

  /** @param from value of the counter before tracking started. */
  constructor(counter: Readable, from: number) {
    this.lanes = [new Lane("rate")];
    this.#counter = counter;
    this.#before = { fine: from, coarse: from };
  }

  sample(resolution: Resolution, slot: number, elapsedSeconds: number): void {
    const value = this.#counter.read();
    const before = this.#before[resolution];
    this.lanes[0][resolution][slot] = (value >= before ? value - before : value) / elapsedSeconds;
    this.#before[resolution] = value;
  }
}

export class HistogramTrack implements Track {
  readonly lanes: readonly [Lane, Lane, Lane];
  readonly #histogram: HistogramValue;
  readonly #before: Record<Resolution, Float64Array>;
  readonly #since: Float64Array;

  /** @param from counts of the histogram before tracking started. */
  constructor(histogram: HistogramValue, from: Float64Array) {
    this.lanes = [new Lane("rate"), new Lane("p50"), new Lane("p99")];
    this.#histogram = histogram;
    this.#before = { fine: from.slice(), coarse: from.slice() };
    this.#since = new Float64Array(from.length);
  }

  sample(resolution: Resolution, slot: number, elapsedSeconds: number): void {
    const { counts, bounds } = this.#histogram;
    const before = this.#before[resolution];
    let total = 0;
    for (let bucket = 0; bucket < counts.length; bucket += 1) {
      const since = (counts[bucket] as number) - (before[bucket] as number);
      this.#since[bucket] = since;
      total += since;
    }
    before.set(counts);
    const [rate, p50, p99] = this.lanes;
    rate[resolution][slot] = total / elapsedSeconds;
    p50[resolution][slot] = quantileOf(bounds, this.#since, 0.5);
    p99[resolution][slot] = quantileOf(bounds, this.#since, 0.99);
  }
}

/** Approximate memory of a track: its lanes, and a histogram's three copies of its counts. */
export function trackBytes(kind: "counter" | "gauge" | "histogram", buckets: number): number {
  const objectBytes = 500;
  if (kind !== "histogram") return laneBytes + objectBytes;
  return 3 * laneBytes + 3 * (buckets + 1) * Float64Array.BYTES_PER_ELEMENT + 2 * objectBytes;
}
