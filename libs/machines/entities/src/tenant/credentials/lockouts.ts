/**
 * Principals that are locked out after guessing. Each process detects this by itself and applies the lockout
 * at once. It is stored here so that all other processes apply it too, even after a restart. A person can see
 * and lift it.
 */
import {
  LiftTenantLockout,
  type Lockout,
  LockoutLiftedV1,
  LockoutsNotedV1,
  NoteLockouts,
  TenantChanged,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp, type ReadOnly } from "@tutti/kernel";
import { nothing } from "../kept/keeper.ts";
import { idLengthMax, lockoutsMax } from "../limits.ts";
import type { TenantCommand, TenantEvent, TenantView } from "../state.ts";

export function endOfLockout({ endTime }: ReadOnly<Lockout>): number {
  return endTime === undefined ? 0 : fromTimestamp(endTime);
}

export const lockoutsNoted: TenantEvent<LockoutsNotedV1> = {
  type: "lockouts_noted",
  version: 1,
  codec: LockoutsNotedV1,
  evolve(tenant, { lockouts, timeMs }) {
    for (const [subject, known] of tenant.lockouts)
      if (endOfLockout(known) <= timeMs) tenant.lockouts.delete(subject);
    for (const lockout of lockouts) tenant.lockouts.set(lockout.subject, lockout);
  },
};

export const noteLockouts: TenantCommand<NoteLockouts, TenantChanged> = {
  type: "note_lockouts",
  codec: NoteLockouts,
  reply: TenantChanged,
  decide(tenant, { lockouts }, step) {
    const { nowMs } = step;
    const fresh = lockouts.filter(
      (each) => endOfLockout(each) > Math.max(nowMs, endIn(tenant, each.subject)),
    );
    // Bounds the lockouts after a flood from many addresses. Further ones are locked out only in the process that
    // saw them.
    const room =
      lockoutsMax - [...tenant.lockouts.values()].filter((each) => endOfLockout(each) > nowMs).length;
    const noted = fresh
      .filter(({ subject }) => subject !== "" && subject.length <= idLengthMax)
      .filter(({ subject }, at) => at < room || tenant.lockouts.has(subject));
    if (noted.length > 0) step.emit(lockoutsNoted, { lockouts: noted, timeMs: nowMs });
    return { ...nothing, revision: tenant.changes };
  },
};

export const lockoutLifted: TenantEvent<LockoutLiftedV1> = {
  type: "lockout_lifted",
  version: 1,
  codec: LockoutLiftedV1,
  evolve(tenant, { subject }) {
    tenant.lockouts.delete(subject);
  },
};

export const liftLockout: TenantCommand<LiftTenantLockout, TenantChanged> = {
  type: "lift_lockout",
  codec: LiftTenantLockout,
  reply: TenantChanged,
  decide(tenant, { subject }, step) {
    const { changes: revision } = tenant;
    const isLockedOut = endIn(tenant, subject) > step.nowMs;
    if (isLockedOut) step.emit(lockoutLifted, { subject });
    return { ...nothing, revision, removed: isLockedOut ? 1 : 0 };
  },
};

function endIn({ lockouts }: TenantView, subject: string): number {
  const known = lockouts.get(subject);
  return known === undefined ? 0 : endOfLockout(known);
}
