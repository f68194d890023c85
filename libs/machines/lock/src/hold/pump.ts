/**
 * Grants what fits, in the order of the queue. Every decider that may make room calls this last.
 *
 * Afterwards, either nothing can be granted now, or the rest follows a millisecond later: the timer says when
 * it continues.
 */
import { LockWaitEnd } from "@tutti/contracts/session/v1";
import { lockErrors } from "../errors.ts";
import { changesPerStepMax, numbersPerMs, placeRetentionMs } from "../limits.ts";
import type { LockStep, LockView, LockWait } from "../state.ts";
import { lockPutOff, lockWaitEnded, permitsGranted } from "../waiting/events.ts";
import { fits, isTooMany, permitsOf } from "./room.ts";

export function pump(lock: LockView, step: LockStep, done = 0): void {
  for (let changes = done; ; changes++) {
    const { head } = lock.line;
    const isEnd = head !== undefined && isTooMany(lock, head);
    if (head === undefined || !(isEnd || fits(lock, head))) return;
    if (changes >= changesPerStepMax) {
      delayGrants(lock, step);
      return;
    }
    if (isEnd) reject(lock, head, step);
    else grant(lock, head, step);
  }
}

/** Delays the remaining grants. Once is enough. */
export function delayGrants(lock: LockView, step: LockStep): void {
  if (lock.putOffMs <= step.nowMs) step.emit(lockPutOff, { untilMs: step.nowMs + 1 });
}

/**
 * Returns the next number of a request or a grant: greater than all before it, of this lock or of an earlier one with
 * the same name.
 */
export function nextNumber(lock: LockView, { nowMs }: LockStep): number {
  return Math.max(lock.lastNumber + 1, Math.floor(nowMs) * numbersPerMs);
}

function grant(lock: LockView, { ticket, leaseMs, attendMs }: LockWait, step: LockStep): void {
  const { nowMs } = step;
  // A holder that no longer waits has as long to ask again as its place would have been kept.
  const dueMs = attendMs >= nowMs ? nowMs + leaseMs : Math.min(nowMs + leaseMs, attendMs + placeRetentionMs);
  step.emit(permitsGranted, { ticket, token: nextNumber(lock, step), grantMs: nowMs, dueMs });
}

function reject(lock: LockView, { ticket, permits }: LockWait, step: LockStep): void {
  const { message } = lockErrors.permitsTooMany.refusal({
    name: step.key.id,
    permits,
    found: permitsOf(lock),
  });
  const reason = LockWaitEnd.LOCK_WAIT_END_TOO_MANY;
  step.emit(lockWaitEnded, { ticket, reason, message, endMs: step.nowMs });
}
