/**
 * Gives what can be given, in the order of the line. Every decider that may make room ends with it.
 *
 * After it, either nothing can be granted now, or the rest follows a millisecond later: the timer says when it
 * continues.
 */

import { sendGrant } from "../letters.ts";
import { changesPerStepMax } from "../limits.ts";
import { hasRoom, readyMs } from "../pace.ts";
import type { LimitStep, LimitView } from "../state.ts";
import { grantsPutOff, limitGranted } from "../waiting/events.ts";
import { leaseDueMs } from "./leases.ts";

export function pump(limit: LimitView, step: LimitStep, done = 0): void {
  const { nowMs } = step;
  for (let changes = done; ; changes++) {
    const { head } = limit.line;
    if (head === undefined || !canHold(limit, head.weight, nowMs)) return;
    if (changes >= changesPerStepMax) {
      putOff(limit, step);
      return;
    }
    const { ticket, leaseMs } = head;
    const dueMs = leaseDueMs(nowMs, leaseMs);
    step.emit(limitGranted, { ticket, grantMs: nowMs, leaseDueMs: dueMs });
    sendGrant(step, head, dueMs);
  }
}

/** Returns whether so much can be given now. */
export function canHold(limit: LimitView, weight: number, nowMs: number): boolean {
  return hasRoom(limit, weight) && readyMs(limit, weight) <= nowMs;
}

/** The rest is done a little later. Once is enough. */
export function putOff(limit: LimitView, step: LimitStep): void {
  if (limit.putOffMs <= step.nowMs) step.emit(grantsPutOff, { untilMs: step.nowMs + 1 });
}
