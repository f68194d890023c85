/**
 * A pool with scalers wants to be tended, by any owner and without a request: agents that have to be there
 * are started after a restart too. So it asks for that as long as it has scalers, and nothing ever answers.
 */
import type { Outstanding, ReadOnly } from "@tutti/kernel";
import type { Pool, TendPool } from "../state.ts";

const tending = 1;
const tend: TendPool = { kind: "tend_pool" };

/** After any change of the scalers of a pool that had so many before: what it asks for follows from how many there are. */
export function askForTending(pool: Pool, had: number, outstanding: Outstanding<TendPool>): void {
  const { size } = pool.scalers;
  if (had > 0 && size === 0) outstanding.settled(tending);
  if (had > 0 || size === 0) return;
  pool.timesTended += 1;
  recoverTending(pool, outstanding);
}

export function recoverTending(
  { scalers, timesTended }: ReadOnly<Pool>,
  outstanding: Outstanding<TendPool>,
): void {
  // What was asked for before does not count any more: an attempt of its own each time.
  if (scalers.size > 0) outstanding.effect(tending, timesTended, tend);
}
