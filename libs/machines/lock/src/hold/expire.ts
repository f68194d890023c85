/** The only timer: leases and places that end, and delayed grants. */
import { LockWaitEnd } from "@tutti/contracts/session/v1";
import { changesPerStepMax, placeRetentionMs, unwatchedMs } from "../limits.ts";
import type { LockStep, LockView } from "../state.ts";
import { lockSpared, lockWaitEnded } from "../waiting/events.ts";
import { permitsExpired } from "./events.ts";
import { delayGrants, pump } from "./pump.ts";

export function expire(lock: LockView, step: LockStep): void {
  const { nowMs } = step;
  const firstMs = lock.ends.first?.rank ?? nowMs;
  if (firstMs < nowMs - unwatchedMs) extendAll(lock, step);
  let changes = 0;
  while (changes < changesPerStepMax && expireNext(lock, step)) changes++;
  if (changes >= changesPerStepMax) delayGrants(lock, step);
  else pump(lock, step, changes);
}

/**
 * Extends all leases and places if the lock itself was not running, because no holder could renew or ask
 * again.
 */
function extendAll(lock: LockView, step: LockStep): void {
  const late = lock.ends.items.filter(({ rank }) => rank <= step.nowMs).map(({ number }) => number);
  step.emit(lockSpared, {
    tokens: late.filter((number) => lock.holds.has(number)).sort(byNumber),
    tickets: late.filter((number) => lock.line.has(number)).sort(byNumber),
    dueMs: step.nowMs + placeRetentionMs,
  });
}

const byNumber = (one: number, other: number): number => one - other;

/** Ends one expired lease or place. Returns whether there was one. */
function expireNext(lock: LockView, step: LockStep): boolean {
  const { first } = lock.ends;
  if (first === undefined || first.rank > step.nowMs) return false;
  const { number } = first;
  if (lock.holds.has(number)) step.emit(permitsExpired, { token: number });
  else {
    const reason = LockWaitEnd.LOCK_WAIT_END_FORGOTTEN;
    step.emit(lockWaitEnded, { ticket: number, reason, message: "", endMs: step.nowMs });
  }
  return true;
}
