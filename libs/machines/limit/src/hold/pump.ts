/**
 * Grants what fits, in the order of the queue. Every decider that may make room calls this last.
 *
 * Afterwards, either nothing can be granted now, or the rest follows a millisecond later: the timer says when
 * it continues.
 */

import { changesPerStepMax } from "../limits.ts";
import { sendGrant } from "../messages.ts";
import { hasRoom, readyMs } from "../pace.ts";
import type { LimitStep, LimitView } from "../state.ts";
import { grantsPutOff, limitGranted } from "../waiting/events.ts";
import { leaseDueMs } from "./leases.ts";

export function pump(limit: LimitView, step: LimitStep, done = 0): void {
  const { nowMs } = step;
  for (let changes = done; ; changes++) {
    const { head } = limit.line;
    if (head === undefined || !canGrant(limit, head.weight, nowMs)) return;
    if (changes >= changesPerStepMax) {
      delayGrants(limit, step);
      return;
    }
    const { ticket, leaseMs } = head;
    const dueMs = leaseDueMs(nowMs, leaseMs);
    step.emit(limitGranted, { ticket, grantMs: nowMs, leaseDueMs: dueMs });
    sendGrant(step, head, dueMs);
  }
}

/** Returns whether this weight can be granted now. */
export function canGrant(limit: LimitView, weight: number, nowMs: number): boolean {
  return hasRoom(limit, weight) && readyMs(limit, weight) <= nowMs;
}

/** Delays the remaining grants. Once is enough. */
export function delayGrants(limit: LimitView, step: LimitStep): void {
  if (limit.putOffMs <= step.nowMs) step.emit(grantsPutOff, { untilMs: step.nowMs + 1 });
}
