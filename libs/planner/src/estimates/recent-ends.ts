/** The latest times of a kind with the sizes of their inputs. Logarithms, all of them. */
const endsMax = 100;
/** What the greatest and the least of all sizes may differ by and still be the same. */
const sameSize = 1e-9;

interface End {
  readonly size: number;
  readonly time: number;
}

export class RecentEnds {
  readonly #ends: End[] = [];

  clone(): RecentEnds {
    const other = new RecentEnds();
    other.#ends.push(...this.#ends);
    return other;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(size: number, time: number): void {
    this.#ends.push({ size, time });
    if (this.#ends.length > endsMax) this.#ends.shift();
  }

  /** Returns the median time of the ends with the most similar sizes, the latest among equals. Undefined without any. */
  median(size: number, count: number): number | undefined {
    const similar = this.#ends
      .map((end, at) => ({ at, time: end.time, off: Math.abs(end.size - size) }))
      .sort((one, other) =>
        Math.abs(one.off - other.off) < sameSize ? other.at - one.at : one.off - other.off,
      )
      .slice(0, count)
      .map(({ time }) => time)
      .sort((one, other) => one - other);
    const middle = similar.length >> 1;
    const above = similar[middle];
    if (above === undefined) return undefined;
    return similar.length % 2 === 1 ? above : (above + (similar[middle - 1] ?? above)) / 2;
  }
}
