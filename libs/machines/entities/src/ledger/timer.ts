/** The only timer: the lease of the first pool expires, or the first reservation ends. It follows from the state. */
import type { Outstanding } from "@tutti/kernel";
import { type Ledger, type LedgerView, spanOf } from "./state.ts";

export const timer = 1;

/** Sets the timer. The last line of every fold. */
export function arm(ledger: Ledger, outstanding: Outstanding): void {
  const dueMs = dueMsOf(ledger);
  if (dueMs === ledger.dueMs) return;
  ledger.dueMs = dueMs;
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}

export function dueMsOf({ pools, reservations }: LedgerView): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const holding of pools.values()) dueMs = Math.min(dueMs, holding.dueMs);
  for (const { value } of reservations.values()) dueMs = Math.min(dueMs, spanOf(value).toMs);
  return Number.isFinite(dueMs) ? dueMs : 0;
}
