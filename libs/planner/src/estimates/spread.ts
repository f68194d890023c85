/**
 * The distribution of values around their expectations: counts in buckets of equal width. Old values count
 * less and less. Quantiles are exact to the width of a bucket, for any distribution.
 */
const width = 0.05;
const logRange = 6;
const buckets = Math.round((2 * logRange) / width);
/** Memory in values: a value of that age counts a third. */
const memory = 400;
const growth = 1 + 1 / memory;
const rescaleAt = 1e12;

export class Spread {
  readonly #counts = new Float64Array(buckets);
  /** Weight of the next value. Instead of reducing old weights, each new value counts more. */
  #unit = 1;
  #total = 0;

  clone(): Spread {
    const other = new Spread();
    other.#counts.set(this.#counts);
    other.#unit = this.#unit;
    other.#total = this.#total;
    return other;
  }

  /** Number of values. Old ones count less. */
  get samples(): number {
    return this.#total / this.#unit;
  }

  add(value: number): void {
    this.#unit *= growth;
    const at = bucketOf(value);
    this.#counts[at] = (this.#counts[at] ?? 0) + this.#unit;
    this.#total += this.#unit;
    if (this.#unit > rescaleAt) this.#rescale();
  }

  /** Returns the value that a share of all does not exceed. 0 while there are none. */
  quantile(share: number): number {
    const target = share * this.#total;
    let sum = 0;
    let greatest = 0;
    for (let at = 0; at < buckets; at++) {
      const count = this.#counts[at] ?? 0;
      if (count === 0) continue;
      sum += count;
      greatest = (at + 1) * width - logRange;
      // Values are assumed to be evenly distributed within the bucket.
      if (sum >= target) return (at + 1 - (sum - target) / count) * width - logRange;
    }
    return greatest;
  }

  #rescale(): void {
    for (let at = 0; at < buckets; at++) this.#counts[at] = (this.#counts[at] ?? 0) / this.#unit;
    this.#total /= this.#unit;
    this.#unit = 1;
  }
}

function bucketOf(value: number): number {
  return Math.min(buckets - 1, Math.max(0, Math.floor((value + logRange) / width)));
}
