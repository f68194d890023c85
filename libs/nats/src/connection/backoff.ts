import type { Chance } from "@tutti/kernel";

export interface Backoff {
  /** Pause after the first failure, milliseconds. */
  readonly firstMs: number;
  /** The pauses double up to this one. */
  readonly maxMs: number;
}

/**
 * The pause after the given failure (from 1): doubled each time, and spread over its upper half so that many
 * processes that lost the same server do not come back in step.
 */
export function backoffMs(backoff: Backoff, failure: number, chance: Chance): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failure - 1, 30));
  return full / 2 + (chance.random() * full) / 2;
}
