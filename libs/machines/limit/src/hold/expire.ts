/** The only timer: expired leases and deadlines, and grants that the rate allows now. */
import { WaitEnd } from "@tutti/contracts/workflow/v1";
import { limitErrors } from "../errors.ts";
import { changesPerStepMax, leaseDefaultMs, unwatchedMs } from "../limits.ts";
import { sendDecline, sendWithdrawal } from "../messages.ts";
import type { LimitStep, LimitView } from "../state.ts";
import { waitEnded } from "../waiting/events.ts";
import { leaseExpired, leasesRenewed } from "./events.ts";
import { leaseDueMs } from "./leases.ts";
import { delayGrants, pump } from "./pump.ts";

export function expire(limit: LimitView, step: LimitStep): void {
  const { nowMs } = step;
  const firstMs = limit.leases.firstDueMs ?? nowMs;
  // The limit itself was not running, so no holder could renew: all get one more lease.
  if (firstMs < nowMs - unwatchedMs)
    step.emit(leasesRenewed, {
      tickets: [...limit.leases.dueBy(nowMs)],
      dueMs: leaseDueMs(nowMs, leaseDefaultMs),
    });
  let changes = 0;
  while (changes < changesPerStepMax && expireNext(limit, step)) changes++;
  if (changes >= changesPerStepMax) delayGrants(limit, step);
  else pump(limit, step, changes);
}

/** Ends one expired lease or wait. Returns whether there was one. */
function expireNext(limit: LimitView, step: LimitStep): boolean {
  const { leases, line } = limit;
  const { id } = step.key;
  const { firstDueMs: dueMs } = leases;
  if (dueMs !== undefined && dueMs <= step.nowMs) {
    const [ticket = 0] = leases.firstTickets;
    const held = limit.holds.get(ticket);
    step.emit(leaseExpired, { ticket });
    if (held !== undefined) sendWithdrawal(step, held, limitErrors.leaseExpired.refusal({ id, dueMs }));
    return true;
  }
  const late = line.firstDeadline;
  if (late === undefined || late.deadlineMs > step.nowMs) return false;
  step.emit(waitEnded, { ticket: late.ticket, reason: WaitEnd.WAIT_END_DEADLINE });
  sendDecline(step, late.holder, limitErrors.deadlinePassed.refusal({ id, deadlineMs: late.deadlineMs }));
  return true;
}
