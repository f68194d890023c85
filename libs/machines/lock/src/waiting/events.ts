import {
  LockPutOffV1,
  LockSparedV1,
  type LockWait,
  LockWaitBegunV1,
  LockWaitEnd,
  LockWaitEndedV1,
  LockWaitKeptV1,
  PermitsGrantedV1,
} from "@tutti/contracts/session/v1";
import { assert } from "@tutti/kernel";
import { addHold, prolong } from "../hold/events.ts";
import { gaveWayMax, placeRetentionMs } from "../limits.ts";
import type { Lock, LockEvent } from "../state.ts";
import { arm, endsAt, endsNever } from "../timer.ts";

export const lockWaitBegun: LockEvent<LockWaitBegunV1> = {
  type: "lock_wait_begun",
  version: 1,
  codec: LockWaitBegunV1,
  described: true,
  evolve(lock, { wait }, outstanding) {
    assert(wait !== undefined, "an event of a started wait names the wait");
    lock.used = true;
    lock.lastNumber = wait.ticket;
    lock.byHolder.set(wait.holder, wait.ticket);
    lock.line.join(wait);
    endsAt(lock, wait.ticket, wait.attendMs + placeRetentionMs);
    arm(lock, outstanding);
  },
};

export const lockWaitKept: LockEvent<LockWaitKeptV1> = {
  type: "lock_wait_kept",
  version: 1,
  codec: LockWaitKeptV1,
  evolve(lock, { ticket, attendMs }, outstanding) {
    lock.line.change({ ...waitOf(lock, ticket), attendMs });
    endsAt(lock, ticket, attendMs + placeRetentionMs);
    arm(lock, outstanding);
  },
};

export const lockWaitEnded: LockEvent<LockWaitEndedV1> = {
  type: "lock_wait_ended",
  version: 1,
  codec: LockWaitEndedV1,
  described: true,
  evolve(lock, { ticket, reason, message, endMs }, outstanding) {
    const { holder } = waitOf(lock, ticket);
    removeWait(lock, ticket);
    lock.byHolder.delete(holder);
    if (reason === LockWaitEnd.LOCK_WAIT_END_GAVE_WAY) {
      for (const [name, { untilMs }] of lock.gaveWay)
        if (untilMs <= endMs || lock.gaveWay.size >= gaveWayMax) lock.gaveWay.delete(name);
      lock.gaveWay.set(holder, { holder, message, untilMs: endMs + placeRetentionMs });
    }
    arm(lock, outstanding);
  },
};

export const permitsGranted: LockEvent<PermitsGrantedV1> = {
  type: "permits_granted",
  version: 1,
  codec: PermitsGrantedV1,
  described: true,
  evolve(lock, { ticket, token, grantMs, dueMs }, outstanding) {
    const { holder, work, permits, shared, leaseMs } = waitOf(lock, ticket);
    removeWait(lock, ticket);
    addHold(lock, { token, holder, work, permits, shared, grantMs, dueMs, leaseMs });
    arm(lock, outstanding);
  },
};

export const lockSpared: LockEvent<LockSparedV1> = {
  type: "lock_spared",
  version: 1,
  codec: LockSparedV1,
  evolve(lock, { tokens, tickets, dueMs }, outstanding) {
    for (const token of tokens) prolong(lock, token, dueMs);
    for (const ticket of tickets) {
      const attendMs = Math.max(0, dueMs - placeRetentionMs);
      lock.line.change({ ...waitOf(lock, ticket), attendMs });
      endsAt(lock, ticket, attendMs + placeRetentionMs);
    }
    arm(lock, outstanding);
  },
};

export const lockPutOff: LockEvent<LockPutOffV1> = {
  type: "lock_put_off",
  version: 1,
  codec: LockPutOffV1,
  evolve(lock, { untilMs }, outstanding) {
    lock.putOffMs = untilMs;
    arm(lock, outstanding);
  },
};

function removeWait(lock: Lock, ticket: number): void {
  lock.line.remove(ticket);
  endsNever(lock, ticket);
}

function waitOf(lock: Lock, ticket: number): LockWait {
  const wait = lock.line.get(ticket);
  assert(wait !== undefined, "one whose waiting changes waits", { ticket });
  return wait;
}
