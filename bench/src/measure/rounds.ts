import type { Budget } from "../scenario.ts";
import { median } from "./statistics.ts";

/** One of several variants that are compared. */
export interface Contestant<M extends Figures> {
  readonly name: string;
  /** Measures for a number of seconds. */
  readonly measure: (seconds: number) => Promise<M>;
}

type Figures = { readonly [K: string]: number };

/**
 * Measures all variants in turn, round by round, and returns the median of each figure. So a noisy moment of the
 * machine affects all alike, and a single bad round affects none. The first turn warms up and does not count.
 */
export async function alternate<M extends Figures>(
  contestants: readonly Contestant<M>[],
  { rounds, seconds }: Budget,
): Promise<ReadonlyMap<string, M>> {
  const results = new Map<string, M[]>(contestants.map(({ name }) => [name, []]));
  for (const { measure } of contestants) await measure(Math.min(seconds, 1));
  for (let round = 0; round < rounds; round++) {
    // Every other round runs in reverse, so that no candidate always follows the same one.
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const { name, measure } of order) results.get(name)?.push(await measure(seconds));
  }
  return new Map([...results].map(([name, figures]) => [name, mediansOf(figures)]));
}

function mediansOf<M extends Figures>(figures: readonly M[]): M {
  const names = Object.keys(figures[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(figures.map((item) => item[name] ?? 0))])) as M;
}
