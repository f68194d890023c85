/** What is shown of a lock: in lists, and in golden histories. */
import { LockSnapshotV1 } from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Description } from "@tutti/kernel";
import { isLive } from "./queries.ts";
import { snapshotOf } from "./snapshots.ts";
import type { LockView } from "./state.ts";

/** A lock that is free leaves at once, and restarts when it is wanted again: its numbers follow the clock. */
export function describeLock(lock: LockView): Description {
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

/** All of the state as plain JSON. */
export function projectLock(lock: LockView): unknown {
  return LockSnapshotV1.toJSON(snapshotOf(lock));
}
