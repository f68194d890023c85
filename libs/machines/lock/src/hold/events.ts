import {
  type LockHold,
  PermitsBrokenV1,
  PermitsExpiredV1,
  PermitsReleasedV1,
  PermitsRenewedV1,
  PermitsTakenV1,
} from "@tutti/contracts/session/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import type { Lock, LockEvent } from "../state.ts";
import { arm, endsAt, endsNever } from "../timer.ts";

export const permitsTaken: LockEvent<PermitsTakenV1> = {
  type: "permits_taken",
  version: 1,
  codec: PermitsTakenV1,
  described: true,
  evolve(lock, { hold: added }, outstanding) {
    assert(added !== undefined, "an event of a taken hold names the hold");
    lock.used = true;
    addHold(lock, added);
    arm(lock, outstanding);
  },
};

export const permitsRenewed: LockEvent<PermitsRenewedV1> = {
  type: "permits_renewed",
  version: 1,
  codec: PermitsRenewedV1,
  evolve(lock, { token, dueMs, leaseMs }, outstanding) {
    prolong(lock, token, dueMs, leaseMs);
    arm(lock, outstanding);
  },
};

export const permitsReleased: LockEvent<PermitsReleasedV1> = {
  type: "permits_released",
  version: 1,
  codec: PermitsReleasedV1,
  described: true,
  evolve: removeHold,
};

export const permitsExpired: LockEvent<PermitsExpiredV1> = {
  type: "permits_expired",
  version: 1,
  codec: PermitsExpiredV1,
  described: true,
  evolve: removeHold,
};

export const permitsBroken: LockEvent<PermitsBrokenV1> = {
  type: "permits_broken",
  version: 1,
  codec: PermitsBrokenV1,
  described: true,
  evolve: removeHold,
};

/** Adds a hold. */
export function addHold(lock: Lock, held: LockHold): void {
  lock.lastNumber = held.token;
  lock.lastToken = held.token;
  insertHold(lock, held);
}

/** Adds a hold without assigning a number: restores an earlier hold. */
export function insertHold(lock: Lock, held: LockHold): void {
  const { token, holder, permits, shared, dueMs } = held;
  lock.holds.set(token, held);
  lock.byHolder.set(holder, token);
  endsAt(lock, token, dueMs);
  if (!shared) lock.heldAlone += permits;
  else {
    lock.sharedBy.set(permits, (lock.sharedBy.get(permits) ?? 0) + 1);
    lock.sharedMost = Math.max(lock.sharedMost, permits);
  }
}

export function prolong(lock: Lock, token: number, dueMs: number, leaseMs?: number): void {
  const before = holdOf(lock, token);
  lock.holds.set(token, { ...before, dueMs, leaseMs: leaseMs ?? before.leaseMs });
  endsAt(lock, token, dueMs);
}

function removeHold(lock: Lock, { token }: { readonly token: number }, outstanding: Outstanding): void {
  const { holder, permits, shared } = holdOf(lock, token);
  lock.holds.delete(token);
  lock.byHolder.delete(holder);
  endsNever(lock, token);
  if (!shared) lock.heldAlone -= permits;
  else {
    const others = (lock.sharedBy.get(permits) ?? 1) - 1;
    if (others > 0) lock.sharedBy.set(permits, others);
    else {
      lock.sharedBy.delete(permits);
      lock.sharedMost = Math.max(0, ...lock.sharedBy.keys());
    }
  }
  arm(lock, outstanding);
}

function holdOf(lock: Lock, token: number): LockHold {
  const found = lock.holds.get(token);
  assert(found !== undefined, "a hold that changes is held", { token });
  return found;
}
