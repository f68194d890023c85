/**
 * A pool with scalers or inboxes must be opened by its owner without a request: required agents are started after a
 * restart too. So it requests that as an effect as long as it has any. The effect has no result.
 */
import type { Outstanding, ReadOnly } from "@tutti/kernel";
import type { Pool, TendPool } from "../state.ts";

const tending = 1;
const tend: TendPool = { kind: "tend_pool" };

/**
 * Updates the effect after any change of the scalers or inboxes of a pool, by their number.
 * @param difference number of items that were removed, negative for added ones
 */
export function requestTending(pool: Pool, difference: number, outstanding: Outstanding<TendPool>): void {
  const size = tended(pool);
  const had = size + difference;
  if (had > 0 && size === 0) outstanding.settled(tending);
  if (had > 0 || size === 0) return;
  pool.timesTended += 1;
  recoverTending(pool, outstanding);
}

export function recoverTending(pool: ReadOnly<Pool>, outstanding: Outstanding<TendPool>): void {
  // Earlier requests no longer count: each request is an attempt of its own.
  if (tended(pool) > 0) outstanding.effect(tending, pool.timesTended, tend);
}

function tended({ scalers, inboxes }: ReadOnly<Pool>): number {
  return scalers.size + inboxes.size;
}
