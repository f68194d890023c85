/**
 * The lock machine: the table of its commands, events and queries. It limits concurrent use of a name:
 *
 * 1. The held weight never exceeds the permits, unless there were more permits when it was granted. Holders that share
 *    count together as the greatest of them.
 * 2. Each grant has a fencing token greater than all before it, also after a restart, and when the lock was forgotten.
 * 3. Every waiting caller is granted in the order of the queue, or gets the reason of the refusal. A place is kept only
 *    while a caller asks for it.
 * 4. Every operation costs at most the logarithm of the number of waiters. Every fold follows the event alone: the
 *    decider selected the next holder.
 *
 * @guarantee The holders of a lock never have more than its permits. Each grant has a greater fencing token than all
 * before it.
 */

import { LockSnapshotV1 } from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Description, Machine } from "@tutti/kernel";
import { acquire, breakHold, endWork, release, renew } from "./hold/commands.ts";
import {
  permitsBroken,
  permitsExpired,
  permitsReleased,
  permitsRenewed,
  permitsTaken,
} from "./hold/events.ts";
import { expire } from "./hold/expire.ts";
import { setPermits } from "./permits/commands.ts";
import { permitsSet } from "./permits/events.ts";
import { isLive, lockStatus, obstacle } from "./queries.ts";
import { lockSnapshots, snapshotOf } from "./snapshots.ts";
import { type Lock, type LockView, newLock } from "./state.ts";
import { timer } from "./timer.ts";
import { giveWay, leaveLine } from "./waiting/commands.ts";
import {
  lockPutOff,
  lockSpared,
  lockWaitBegun,
  lockWaitEnded,
  lockWaitKept,
  permitsGranted,
} from "./waiting/events.ts";

export const lock: Machine<Lock, never> = {
  kind: "lock",
  behaviour: 1,
  isEndless: true,
  create: newLock,
  commands: [acquire, renew, release, breakHold, endWork, leaveLine, giveWay, setPermits],
  events: [
    permitsTaken,
    permitsGranted,
    permitsRenewed,
    permitsReleased,
    permitsExpired,
    permitsBroken,
    permitsSet,
    lockWaitBegun,
    lockWaitKept,
    lockWaitEnded,
    lockSpared,
    lockPutOff,
  ],
  queries: [lockStatus, obstacle],
  expire: (state, _, step) => expire(state, step),
  snapshots: lockSnapshots,
  recover({ dueMs }, outstanding) {
    if (dueMs > 0) outstanding.timer(timer, dueMs);
  },
  describe: describeLock,
  project: projectLock,
};

/**
 * A free lock leaves memory immediately, and restarts when it is requested again: its numbers follow the
 * clock.
 */
function describeLock(lock: LockView): Description {
  return {
    status: statusOf(lock),
    definition: "",
    labels: { held: String(lock.holds.size), waiting: String(lock.line.size) },
    idChosen: false,
    keepMs: 0,
  };
}

function statusOf(lock: LockView): WorkStatus {
  if (!lock.used) return WorkStatus.WORK_STATUS_UNSPECIFIED;
  return isLive(lock) ? WorkStatus.WORK_STATUS_RUNNING : WorkStatus.WORK_STATUS_COMPLETED;
}

/** Returns the whole state as plain JSON. */
function projectLock(lock: LockView): unknown {
  return LockSnapshotV1.toJSON(snapshotOf(lock));
}
