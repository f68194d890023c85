import type { Chance } from "../ports/chance.ts";

/** How long to wait between attempts at something that fails: doubling from the first pause to the longest. */
export interface Backoff {
  /** After the first failure, milliseconds. */
  readonly firstMs: number;
  /** Never longer than this. */
  readonly maxMs: number;
}

/**
 * Returns the pause after the given failure in a row, from 1: doubled each time, and spread over its upper half so that
 * many who lost the same thing do not come back in step.
 */
export function backoffMs(backoff: Backoff, failure: number, chance: Pick<Chance, "random">): number {
  return backoffBoundMs(backoff, failure) * (0.5 + chance.random() / 2);
}

/** Returns the longest that such a pause may be. */
export function backoffBoundMs({ firstMs, maxMs }: Backoff, failure: number): number {
  return Math.min(maxMs, firstMs * 2 ** (failure - 1));
}
