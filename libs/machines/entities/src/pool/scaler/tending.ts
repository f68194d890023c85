/**
 * A pool with scalers or inboxes wants to be tended, by any owner and without a request: agents that have to be there
 * are started after a restart too. So it asks for that as long as it has any, and nothing ever answers.
 */
import type { Outstanding, ReadOnly } from "@tutti/kernel";
import type { Pool, TendPool } from "../state.ts";

const tending = 1;
const tend: TendPool = { kind: "tend_pool" };

/**
 * After any change of the scalers or inboxes of a pool: what it asks for follows from how many there are.
 * @param difference how many more there were before
 */
export function askForTending(pool: Pool, difference: number, outstanding: Outstanding<TendPool>): void {
  const size = tended(pool);
  const had = size + difference;
  if (had > 0 && size === 0) outstanding.settled(tending);
  if (had > 0 || size === 0) return;
  pool.timesTended += 1;
  recoverTending(pool, outstanding);
}

export function recoverTending(pool: ReadOnly<Pool>, outstanding: Outstanding<TendPool>): void {
  // Earlier requests do not count any more: each request is an attempt of its own.
  if (tended(pool) > 0) outstanding.effect(tending, pool.timesTended, tend);
}

function tended({ scalers, inboxes }: ReadOnly<Pool>): number {
  return scalers.size + inboxes.size;
}
