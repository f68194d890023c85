/**
 * Acquires, renews and releases a limit.
 *
 * 1. A message answers every request for the limit: granted, immediately or later, or declined.
 * 2. A repeated request of a holder is the same request: it gets the same ticket, and its message again if it holds
 *    the limit.
 * 3. A hold is a lease. If it is not renewed, others get it, so that a dead holder blocks nothing.
 */
import {
  AcquireLimit,
  EvictHolder,
  HolderEvicted,
  LeasesRenewed,
  LimitAcquired,
  LimitDone,
  ReleaseLimit,
  RenewLeases,
  WaitEnd,
} from "@tutti/contracts/workflow/v1";
import { limitErrors } from "../errors.ts";
import {
  holdsMax,
  leaseDefaultMs,
  retryAfterMs,
  sharesMax,
  ticketsPerRenewalMax,
  waitingMax,
} from "../limits.ts";
import { sendDecline, sendGrant, sendWithdrawal } from "../messages.ts";
import { holderProblem, leaseProblem, nameProblem, requestProblem, ruleProblem } from "../refusals.ts";
import { isSameRule } from "../rule/commands.ts";
import { limitImplied } from "../rule/events.ts";
import { type LimitCommand, type LimitStep, type LimitView, nameOf } from "../state.ts";
import { waitBegun, waitEnded } from "../waiting/events.ts";
import { holderEvicted, leasesRenewed, limitReleased, limitTaken } from "./events.ts";
import { leaseDueMs } from "./leases.ts";
import { canGrant, pump } from "./pump.ts";

/** A message. */
export const acquire: LimitCommand<AcquireLimit, LimitAcquired> = {
  type: "acquire",
  codec: AcquireLimit,
  reply: LimitAcquired,
  decide(limit, request, step) {
    const { holder } = request;
    const stranger = holderProblem(holder);
    // Without a holder there is no receiver for a message.
    if (stranger !== undefined || holder === undefined)
      return limitErrors.wishInvalid.refusal({ problem: stranger ?? "expected the holder of the limit" });
    const known = limit.byHolder.get(nameOf(holder));
    if (known !== undefined) return acquireAgain(limit, known, step);
    const { id } = step.key;
    const problem = requestProblem(request) ?? ruleProblem(request.rule) ?? nameProblem(request.name, id);
    if (problem !== undefined) {
      sendDecline(step, holder, limitErrors.wishInvalid.refusal({ problem }));
      return declined;
    }
    if (request.deadlineMs > 0 && request.deadlineMs <= step.nowMs) {
      sendDecline(step, holder, limitErrors.deadlinePassed.refusal({ id, deadlineMs: request.deadlineMs }));
      return declined;
    }
    imply(limit, request, step);
    const ticket = limit.lastTicket + 1;
    const isFull = limit.line.size >= waitingMax || limit.holds.size >= holdsMax;
    if (isFull) {
      sendDecline(step, holder, limitErrors.queueFull.refusal({ id, max: waitingMax }), retryAfterMs);
      return declined;
    }
    if (limit.line.size === 0 && canGrant(limit, request.weight || 1, step.nowMs))
      grantNow(ticket, request, holder, step);
    else {
      wait(limit, ticket, request, step);
      // It may precede others, and be light enough to fit.
      pump(limit, step);
    }
    return { ticket, granted: limit.holds.has(ticket) };
  },
};

const declined: LimitAcquired = { ticket: 0, granted: false };

function acquireAgain(limit: LimitView, ticket: number, step: LimitStep): LimitAcquired {
  const held = limit.holds.get(ticket);
  if (held !== undefined) sendGrant(step, held, held.dueMs);
  return { ticket, granted: held !== undefined };
}

/** Applies the rule in the request of a holder, if no rule is configured. The latest one counts. */
function imply(limit: LimitView, { rule, name }: AcquireLimit, step: LimitStep): void {
  if (rule === undefined || (rule.maxConcurrent === 0 && rule.rate === undefined)) return;
  const isNamed = name === undefined || limit.name === name;
  if (isNamed && limit.implied !== undefined && isSameRule(limit.implied, rule)) return;
  step.emit(limitImplied, { rule, implyMs: step.nowMs, ...(name !== undefined && { name }) });
  pump(limit, step);
}

function grantNow(
  ticket: number,
  request: AcquireLimit,
  holder: NonNullable<AcquireLimit["holder"]>,
  step: LimitStep,
): void {
  const leaseMs = request.leaseMs || leaseDefaultMs;
  const dueMs = leaseDueMs(step.nowMs, leaseMs);
  const weight = request.weight || 1;
  step.emit(limitTaken, { ticket, holder, weight, grantMs: step.nowMs, leaseDueMs: dueMs, leaseMs });
  sendGrant(step, { ticket, holder }, dueMs);
}

function wait(limit: LimitView, ticket: number, request: AcquireLimit, step: LimitStep): void {
  const { holder, priority, deadlineMs } = request;
  // Shares above the maximum join one common share.
  const hasOwnShare = limit.line.hasShare(request.share) || limit.line.shareCount < sharesMax;
  step.emit(waitBegun, {
    ticket,
    holder,
    weight: request.weight || 1,
    priority,
    share: hasOwnShare ? request.share : "",
    shareWeight: (hasOwnShare ? request.shareWeight : 1) || 1,
    beginMs: step.nowMs,
    deadlineMs,
    leaseMs: request.leaseMs || leaseDefaultMs,
  });
}

/** A message. Also cancels a request that was not granted yet. */
export const release: LimitCommand<ReleaseLimit, LimitDone> = {
  type: "release",
  codec: ReleaseLimit,
  reply: LimitDone,
  decide(limit, { holder, ticket: requestedTicket }, step) {
    const ticket = holder === undefined ? undefined : limit.byHolder.get(nameOf(holder));
    // A hold that was lost meanwhile, and perhaps granted again under another number, is not released by an old
    // message.
    if (ticket === undefined || (requestedTicket !== 0 && requestedTicket !== ticket)) return {};
    if (limit.holds.has(ticket)) step.emit(limitReleased, { ticket });
    else step.emit(waitEnded, { ticket, reason: WaitEnd.WAIT_END_CANCELLED });
    pump(limit, step);
    return {};
  },
};

/** Renews all holders of a partition together: sent by the process that knows which of them are alive. */
export const renew: LimitCommand<RenewLeases, LeasesRenewed> = {
  type: "renew",
  codec: RenewLeases,
  reply: LeasesRenewed,
  decide(limit, { tickets, leaseMs }, step) {
    const problem =
      tickets.length > ticketsPerRenewalMax
        ? `expected at most ${ticketsPerRenewalMax} leases at once, got ${tickets.length}`
        : leaseProblem(leaseMs);
    if (problem !== undefined) return limitErrors.wishInvalid.refusal({ problem });
    const held = [...new Set(tickets)].filter((ticket) => limit.holds.has(ticket));
    const dueMs = leaseDueMs(step.nowMs, leaseMs || leaseDefaultMs);
    if (held.length > 0) step.emit(leasesRenewed, { tickets: held, dueMs });
    return { lost: tickets.filter((ticket) => !limit.holds.has(ticket)) };
  },
};

export const evict: LimitCommand<EvictHolder, HolderEvicted> = {
  type: "evict",
  codec: EvictHolder,
  reply: HolderEvicted,
  decide(limit, { holder, reason }, step) {
    const ticket = holder === undefined ? undefined : limit.byHolder.get(nameOf(holder));
    if (ticket === undefined || holder === undefined) return { evicted: false };
    const refusal = limitErrors.evicted.refusal({ id: step.key.id, reason });
    if (limit.holds.has(ticket)) {
      step.emit(holderEvicted, { ticket, reason });
      sendWithdrawal(step, { ticket, holder }, refusal);
    } else {
      step.emit(waitEnded, { ticket, reason: WaitEnd.WAIT_END_EVICTED });
      sendDecline(step, holder, refusal);
    }
    pump(limit, step);
    return { evicted: true };
  },
};
