/** Periods, sorted and disjoint, and how much of a time they cover. */
import type { Span } from "../state.ts";

export class Spans {
  readonly #fromMs: readonly number[];
  readonly #toMs: readonly number[];
  /** Sum of all periods before each. */
  readonly #sumMs: readonly number[];

  constructor(spans: readonly Span[]) {
    this.#fromMs = spans.map(({ fromMs }) => fromMs);
    this.#toMs = spans.map(({ toMs }) => toMs);
    let sum = 0;
    this.#sumMs = spans.map(({ fromMs, toMs }) => {
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
export function without(spans: readonly Span[], others: readonly Span[]): readonly Span[] {
  let left = [...spans];
  for (const { fromMs, toMs } of others)
    left = left.flatMap((span) =>
      [
        { fromMs: span.fromMs, toMs: Math.min(span.toMs, fromMs) },
        { fromMs: Math.max(span.fromMs, toMs), toMs: span.toMs },
      ].filter((rest) => rest.fromMs < rest.toMs),
    );
  return left;
}
