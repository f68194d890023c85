import type { Chance } from "../ports/chance.ts";

/** Pauses between attempts after failures: doubled from the first pause up to the longest. */
export interface Backoff {
  /** After the first failure, milliseconds. */
  readonly firstMs: number;
  /** Maximum pause, milliseconds. */
  readonly maxMs: number;
}

/**
 * Returns the pause after the given failure in a row, from 1: doubled each time, and spread over its upper half so that
 * many clients do not retry in step.
 */
export function backoffMs(backoff: Backoff, failure: number, chance: Pick<Chance, "random">): number {
  return backoffBoundMs(backoff, failure) * (0.5 + chance.random() / 2);
}

/** Returns the upper bound of such a pause. */
export function backoffBoundMs({ firstMs, maxMs }: Backoff, failure: number): number {
  return Math.min(maxMs, firstMs * 2 ** (failure - 1));
}
