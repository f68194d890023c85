/** Counts concurrently running tasks, from their start times. */
import type { Span } from "../state.ts";

export class AtWork {
  readonly #moments: readonly { readonly ms: number; readonly by: number }[];

  constructor(spans: readonly Span[]) {
    this.#moments = spans
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
  spansOf(count: number): readonly Span[] {
    const spans: Span[] = [];
    if (count > this.#moments.length) return spans;
    let now = 0;
    let fromMs = 0;
    for (const { ms, by } of this.#moments) {
      const before = now;
      now += by;
      if (before < count && now >= count) fromMs = ms;
      else if (before >= count && now < count && ms > fromMs) spans.push({ fromMs, toMs: ms });
    }
    return spans;
  }
}
