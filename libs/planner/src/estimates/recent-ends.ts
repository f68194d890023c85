const endsMax = 100;
/** Sizes with a smaller difference count as equal. */
const sameSize = 1e-9;

/** An attempt that ended. Size and time are logarithms. */
export interface End {
  readonly agentId: string;
  readonly size: number;
  readonly time: number;
  /** Expected slowness of its agent compared with others. */
  readonly slowness: number;
}

/** The latest attempts of a kind. */
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

  add(end: End): void {
    this.#ends.push(end);
    if (this.#ends.length > endsMax) this.#ends.shift();
  }

  /** Returns the times of the latest ones. */
  latest(count: number): readonly End[] {
    return this.#ends.slice(-count);
  }

  /** Returns the times of the latest ones of an agent. */
  ofAgent(agentId: string, count: number): readonly End[] {
    const own: End[] = [];
    for (let at = this.#ends.length - 1; at >= 0 && own.length < count; at--) {
      const end = this.#ends[at];
      if (end !== undefined && end.agentId === agentId) own.push(end);
    }
    return own;
  }

  /** Returns the times of those with the most similar sizes, the latest among equals. */
  nearest(size: number, count: number): readonly number[] {
    return this.#ends
      .map((end, at) => ({ at, time: end.time, off: Math.abs(end.size - size) }))
      .sort((one, other) =>
        Math.abs(one.off - other.off) < sameSize ? other.at - one.at : one.off - other.off,
      )
      .slice(0, count)
      .map(({ time }) => time);
  }
}
