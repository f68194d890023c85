/**
 * Durations as counts per bucket, so that an hour of load costs no more memory than a second.
 *
 * 1. A bucket is at most 1/64 wide relative to its values: a quantile is at most 1.6 % above the true one.
 * 2. Quantiles are nearest rank: one of ten values is the p91 to p100.
 */

/** Buckets per power of two. */
const parts = 64;
/** A microsecond. All durations below it are in the first bucket. */
const leastMs = 0.001;
const powers = 42;

export class Histogram {
  readonly #counts = new Float64Array(parts * powers);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(durationMs: number): void {
    this.#counts[bucketOf(durationMs)] = this.#at(bucketOf(durationMs)) + 1;
    this.#count += 1;
    this.#sumMs += durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  #at(bucket: number): number {
    return this.#counts[bucket] ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** Returns the upper bound of the bucket, but at most the maximum. 0 without records. */
  quantileMs(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count - 1e-9));
    let counted = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      counted += count;
      if (counted >= rank) return Math.min(this.#maxMs, endOf(bucket));
    }
    return this.#maxMs;
  }

  /** Returns the share of the values that are at most this long. */
  shareWithin(durationMs: number): number {
    if (this.#count === 0) return 1;
    const last = bucketOf(durationMs);
    let counted = 0;
    for (let bucket = 0; bucket <= last; bucket += 1) counted += this.#at(bucket);
    return counted / this.#count;
  }

  /** Returns the buckets that have values, for a chart: at most about this many, adjacent ones merged. */
  bars(barsMax: number): readonly Bar[] {
    const used = [...this.#counts.entries()].filter(([, count]) => count > 0);
    const [first, last] = [used[0]?.[0], used.at(-1)?.[0]];
    if (first === undefined || last === undefined) return [];
    const width = Math.max(1, Math.ceil((last - first + 1) / barsMax));
    const bars: Bar[] = [];
    for (let from = first; from <= last; from += width) {
      let count = 0;
      for (let bucket = from; bucket < from + width && bucket <= last; bucket += 1) count += this.#at(bucket);
      bars.push({ fromMs: from === 0 ? 0 : endOf(from - 1), toMs: endOf(from + width - 1), count });
    }
    return bars;
  }
}

export interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

function bucketOf(durationMs: number): number {
  const bucket = Math.floor(Math.log2(Math.max(leastMs, durationMs) / leastMs) * parts);
  return Math.min(parts * powers - 1, Math.max(0, bucket));
}

function endOf(bucket: number): number {
  return leastMs * 2 ** ((bucket + 1) / parts);
}
