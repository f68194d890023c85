/** Converts locks to the contract. */
import type {
  Deadlock,
  DeadlockFoundV1,
  Lock,
  LockGrant,
  LockHold,
  LockWait,
} from "@tutti/contracts/session/v1";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import type { LockStatus } from "@tutti/machine-lock";

/** Maximum of named waiters. */
export const waitersMax = 100;

export function lockOf(namespace: string, name: string, status: LockStatus): Lock {
  const { permits, free, holds, waits, waiting, lastToken } = status;
  return {
    namespace,
    name,
    permits,
    free,
    waiting,
    lastToken,
    grants: holds.map(grantOf),
    waiters: waits.map(waiterOf),
  };
}

export function grantOf({
  holder,
  work,
  permits,
  shared,
  token,
  grantMs,
  dueMs,
}: ReadOnly<LockHold>): LockGrant {
  return {
    holder,
    work: work && { ...work },
    permits,
    shared,
    token,
    acquireTime: toTimestamp(grantMs),
    expireTime: toTimestamp(dueMs),
  };
}

function waiterOf({ holder, work, permits, shared, priority, beginMs, ticket }: ReadOnly<LockWait>) {
  return {
    holder,
    work: work && { ...work },
    permits,
    shared,
    priority,
    ticket,
    startTime: toTimestamp(beginMs),
  };
}

export function deadlockOf({ circle, reason, findMs }: ReadOnly<DeadlockFoundV1>): Deadlock {
  const victim = circle[0]?.waiter;
  return {
    findTime: toTimestamp(findMs),
    circle: circle.map(({ waiter, lock, holder }) => ({
      waiter: waiter && { ...waiter },
      lock,
      holder: holder && { ...holder },
    })),
    victim: victim && { ...victim },
    reason,
  };
}
