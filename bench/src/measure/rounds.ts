import type { Budget } from "../scenario.ts";
import { median } from "./statistics.ts";

/** One of several things that are measured against each other. */
export interface Contestant<M extends Figures> {
  readonly name: string;
  /** Measures for so many seconds. */
  readonly measure: (seconds: number) => Promise<M>;
}

type Figures = { readonly [K: string]: number };

/**
 * Measures all of them in turn, round by round, and gives the median of each figure: a noisy moment of the machine
 * hits all alike, and one bad round none. The first turn warms up and does not count.
 */
export async function alternate<M extends Figures>(
  contestants: readonly Contestant<M>[],
  { rounds, seconds }: Budget,
): Promise<ReadonlyMap<string, M>> {
  const taken = new Map<string, M[]>(contestants.map(({ name }) => [name, []]));
  for (const { measure } of contestants) await measure(Math.min(seconds, 1));
  for (let round = 0; round < rounds; round++) {
    // In the other direction every other time, so that no candidate always follows the same one.
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const { name, measure } of order) taken.get(name)?.push(await measure(seconds));
  }
  return new Map([...taken].map(([name, figures]) => [name, mediansOf(figures)]));
}

function mediansOf<M extends Figures>(figures: readonly M[]): M {
  const names = Object.keys(figures[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(figures.map((one) => one[name] ?? 0))])) as M;
}
