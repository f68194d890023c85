/** Periods, sorted and disjoint, and how much of a time they cover. */
import type { Period } from "../state.ts";

export class Periods {
  readonly #fromMs: readonly number[];
  readonly #toMs: readonly number[];
  /** Sum of all periods before each. */
  readonly #sumMs: readonly number[];

  constructor(periods: readonly Period[]) {
    this.#fromMs = periods.map(({ fromMs }) => fromMs);
    this.#toMs = periods.map(({ toMs }) => toMs);
    let sum = 0;
    this.#sumMs = periods.map(({ fromMs, toMs }) => {
      const before = sum;
      sum += toMs - fromMs;
      return before;
    });
  }

  between(fromMs: number, toMs: number): number {
    return toMs <= fromMs ? 0 : this.#until(toMs) - this.#until(fromMs);
  }

  #until(ms: number): number {
    let low = 0;
    let high = this.#fromMs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#fromMs[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    const last = low - 1;
    if (last < 0) return 0;
    const [fromMs = 0, toMs = 0, sumMs = 0] = [this.#fromMs[last], this.#toMs[last], this.#sumMs[last]];
    return sumMs + Math.min(ms, toMs) - fromMs;
  }
}

/** Returns the parts of the first periods that the others do not cover. */
export function without(periods: readonly Period[], others: readonly Period[]): readonly Period[] {
  let remaining = [...periods];
  for (const { fromMs, toMs } of others)
    remaining = remaining.flatMap((period) =>
      [
        { fromMs: period.fromMs, toMs: Math.min(period.toMs, fromMs) },
        { fromMs: Math.max(period.fromMs, toMs), toMs: period.toMs },
      ].filter((rest) => rest.fromMs < rest.toMs),
    );
  return remaining;
}
