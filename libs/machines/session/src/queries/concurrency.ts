/** Counts concurrently running tasks, from their start times. */
import type { Period } from "../state.ts";

export class Concurrency {
  readonly #moments: readonly { readonly ms: number; readonly by: number }[];

  constructor(periods: readonly Period[]) {
    this.#moments = periods
      .flatMap(({ fromMs, toMs }) => [
        { ms: fromMs, by: 1 },
        { ms: toMs, by: -1 },
      ])
      .sort((one, other) => one.ms - other.ms || one.by - other.by);
  }

  get most(): number {
    let now = 0;
    let most = 0;
    for (const { by } of this.#moments) {
      now += by;
      most = Math.max(most, now);
    }
    return most;
  }

  /** Returns the periods with at least this many. */
  periodsOf(count: number): readonly Period[] {
    const periods: Period[] = [];
    if (count > this.#moments.length) return periods;
    let now = 0;
    let fromMs = 0;
    for (const { ms, by } of this.#moments) {
      const before = now;
      now += by;
      if (before < count && now >= count) fromMs = ms;
      else if (before >= count && now < count && ms > fromMs) periods.push({ fromMs, toMs: ms });
    }
    return periods;
  }
}
