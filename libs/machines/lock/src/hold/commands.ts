/**
 * Acquires, renews and releases a lock.
 *
 * 1. A repeated request of a holder is the same request: it gets its hold with the same token, or keeps its
 *    place.
 * 2. A hold is a lease. If it is not renewed, others get it, so that a dead holder blocks nothing. A resource
 *    that receives the token of a holder can reject an older one.
 * 3. A hold that was released, expired or broken is never held again under its token.
 */
import {
  AcquirePermits,
  BreakHold,
  EndLockWork,
  HoldBroken,
  LockDone,
  LockWaitEnd,
  PermitsAcquired,
  PermitsReleased,
  PermitsRenewed,
  ReleasePermits,
  RenewPermits,
} from "@tutti/contracts/session/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import { deadlockErrors, lockErrors } from "../errors.ts";
import { holdsMax, leaseDefaultMs, waitingMax } from "../limits.ts";
import { leaseProblem, requestProblem } from "../refusals.ts";
import type { LockCommand, LockStep, LockView } from "../state.ts";
import { lockWaitBegun, lockWaitEnded, lockWaitKept } from "../waiting/events.ts";
import { permitsBroken, permitsReleased, permitsRenewed, permitsTaken } from "./events.ts";
import { nextNumber, pump } from "./pump.ts";
import { fits, isTooMany, permitsOf } from "./room.ts";

export const acquire: LockCommand<AcquirePermits, PermitsAcquired> = {
  type: "acquire",
  codec: AcquirePermits,
  reply: PermitsAcquired,
  decide(lock, body, step) {
    const problem = requestProblem(body);
    if (problem !== undefined) return lockErrors.wishInvalid.refusal({ problem });
    const request = { ...body, permits: body.permits || 1, leaseMs: body.leaseMs || leaseDefaultMs };
    const gaveWay = lock.gaveWay.get(request.holder);
    if (gaveWay !== undefined && gaveWay.untilMs > step.nowMs)
      return deadlockErrors.deadlock.refusal({ circle: gaveWay.message });
    const known = lock.byHolder.get(request.holder);
    const refusal =
      known === undefined ? acquireNew(lock, request, step) : acquireAgain(lock, known, request, step);
    if (isRefusal(refusal)) return refusal;
    const token = lock.byHolder.get(request.holder);
    const hold = token === undefined ? undefined : lock.holds.get(token);
    return { hold: hold && { ...hold, work: hold.work && { ...hold.work } } };
  },
};

function acquireNew(lock: LockView, request: AcquirePermits, step: LockStep): Refusal | undefined {
  const { id: name } = step.key;
  const { holder, work, permits, shared, leaseMs, waitMs, priority } = request;
  if (isTooMany(lock, request))
    return lockErrors.permitsTooMany.refusal({ name, permits, found: permitsOf(lock) });
  if (lock.line.size >= waitingMax || lock.holds.size >= holdsMax)
    return lockErrors.full.refusal({ name, max: lock.line.size >= waitingMax ? waitingMax : holdsMax });
  const { nowMs } = step;
  const number = nextNumber(lock, step);
  const isFree = fits(lock, request);
  if (lock.line.size === 0 && isFree) {
    const terms = { token: number, grantMs: nowMs, dueMs: nowMs + leaseMs, leaseMs };
    step.emit(permitsTaken, { hold: { ...terms, holder, work, permits, shared } });
    return undefined;
  }
  // A request without a wait is granted immediately or rejected.
  if (waitMs === 0 && !(isFree && lock.line.isAhead(nowMs, priority)))
    return refusedAsHeld(lock, name, waitMs);
  const attendMs = nowMs + waitMs;
  const wait = { ticket: number, holder, work, permits, shared, priority, leaseMs };
  step.emit(lockWaitBegun, { wait: { ...wait, beginMs: nowMs, attendMs } });
  // It may precede others, and fit.
  pump(lock, step);
  return undefined;
}

function acquireAgain(
  lock: LockView,
  number: number,
  request: AcquirePermits,
  step: LockStep,
): Refusal | undefined {
  const known = lock.holds.get(number) ?? lock.line.get(number);
  if (known?.permits !== request.permits || known.shared !== request.shared)
    return lockErrors.holderTaken.refusal({ name: step.key.id, holder: request.holder });
  const held = lock.holds.get(number);
  if (held === undefined) {
    step.emit(lockWaitKept, { ticket: number, attendMs: step.nowMs + request.waitMs });
    return undefined;
  }
  const dueMs = step.nowMs + request.leaseMs;
  if (dueMs > held.dueMs) step.emit(permitsRenewed, { token: number, dueMs, leaseMs: request.leaseMs });
  return undefined;
}

const namedMax = 3;

/** Refuses with the names of the blocking holders. */
export function refusedAsHeld(lock: LockView, name: string, waitMs: number): Refusal {
  const all = lock.holds.size > 0 ? [...lock.holds.values()] : [...lock.line.waits];
  const named = all.slice(0, namedMax).map(({ holder }) => holder);
  const others = all.length - named.length;
  const holders = named.join(", ") + (others > 0 ? ` and ${others} more` : "");
  // For a client that waits by several calls: its error has the whole wait.
  return lockErrors.held.refusal({ name, waitMs, holders }, { details: { holders } });
}

export const renew: LockCommand<RenewPermits, PermitsRenewed> = {
  type: "renew",
  codec: RenewPermits,
  reply: PermitsRenewed,
  decide(lock, { holder, token, leaseMs }, step) {
    const problem = leaseProblem(leaseMs);
    if (problem !== undefined) return lockErrors.wishInvalid.refusal({ problem });
    const held = lock.holds.get(token);
    if (held === undefined || held.holder !== holder) return { dueMs: 0 };
    const length = leaseMs || held.leaseMs;
    const dueMs = step.nowMs + length;
    if (dueMs !== held.dueMs || length !== held.leaseMs)
      step.emit(permitsRenewed, { token, dueMs, leaseMs: length });
    return { dueMs };
  },
};

export const release: LockCommand<ReleasePermits, PermitsReleased> = {
  type: "release",
  codec: ReleasePermits,
  reply: PermitsReleased,
  decide(lock, { holder, token }, step) {
    const number = lock.byHolder.get(holder);
    if (number === undefined) return { released: false };
    const isHeld = lock.holds.has(number);
    if (token !== 0 && token !== number) return { released: false };
    if (isHeld) step.emit(permitsReleased, { token: number });
    else endWait(number, LockWaitEnd.LOCK_WAIT_END_RELEASED, step);
    pump(lock, step);
    return { released: isHeld };
  },
};

export const breakHold: LockCommand<BreakHold, HoldBroken> = {
  type: "break_hold",
  codec: BreakHold,
  reply: HoldBroken,
  decide(lock, { holder, reason }, step) {
    const token = lock.byHolder.get(holder);
    if (token === undefined || !lock.holds.has(token)) return { broken: false };
    step.emit(permitsBroken, { token, reason });
    pump(lock, step);
    return { broken: true };
  },
};

export const endWork: LockCommand<EndLockWork, LockDone> = {
  type: "end_work",
  codec: EndLockWork,
  reply: LockDone,
  decide(lock, { work: ended }, step) {
    if (ended === undefined) return {};
    const tokens = [...lock.holds.values()].filter(({ work }) => isOf(work, ended));
    const tickets = lock.line.waits.filter(({ work }) => isOf(work, ended));
    for (const { token } of tokens) step.emit(permitsReleased, { token });
    for (const { ticket } of tickets) endWait(ticket, LockWaitEnd.LOCK_WAIT_END_WORK_ENDED, step);
    if (tokens.length + tickets.length > 0) pump(lock, step);
    return {};
  },
};

function isOf(
  work: ReadOnly<WorkReference> | undefined,
  { namespace, kind, id, task }: WorkReference,
): boolean {
  if (work === undefined || work.namespace !== namespace || work.kind !== kind || work.id !== id)
    return false;
  return task === "" || work.task === task;
}

function endWait(ticket: number, reason: LockWaitEnd, step: LockStep): void {
  step.emit(lockWaitEnded, { ticket, reason, message: "", endMs: step.nowMs });
}
