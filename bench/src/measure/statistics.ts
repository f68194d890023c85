/** Returns the value below which this share of the sorted values lies. 0 without values. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return 0;
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((one, other) => one - other),
    0.5,
  );
}

/** Rounds to four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Latencies of one round. The array doubles its size when full, so that recording costs almost nothing. */
export class Latencies {
  #values = new Float64Array(1 << 16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(valueMs: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = valueMs;
  }

  quantiles(): { readonly p50Ms: number; readonly p99Ms: number } {
    const sorted = this.#values.subarray(0, this.#count).slice().sort();
    return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
  }
}
