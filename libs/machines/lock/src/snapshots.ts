/** Snapshots of a lock. */
import { LockSnapshotV1 } from "@tutti/contracts/session/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { insertHold } from "./hold/events.ts";
import { placeRetentionMs } from "./limits.ts";
import { type Lock, type LockView, newLock } from "./state.ts";
import { dueMsOf, endsAt } from "./timer.ts";

const newest = 1;

export const lockSnapshots: SnapshotCodec<Lock> = {
  version: newest,
  encode: (lock) => LockSnapshotV1.encode(snapshotOf(lock)).finish(),
  decode(bytes, version) {
    if (version === newest) return lockOf(LockSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "lock", version, newest });
  },
};

export function snapshotOf(lock: LockView): LockSnapshotV1 {
  const { permits, lastNumber, lastToken, used, putOffMs, holds, line, gaveWay } = lock;
  return LockSnapshotV1.create({
    permits,
    lastNumber,
    lastToken,
    used,
    putOffMs,
    holds: [...holds.values()],
    waits: [...line.waits],
    gaveWay: [...gaveWay.values()],
  });
}

function lockOf(snapshot: LockSnapshotV1): Lock {
  const { permits, lastNumber, lastToken, used, putOffMs } = snapshot;
  const lock: Lock = { ...newLock(), permits, lastNumber, lastToken, used, putOffMs };
  for (const held of snapshot.holds) insertHold(lock, held);
  for (const wait of snapshot.waits) {
    lock.byHolder.set(wait.holder, wait.ticket);
    lock.line.join(wait);
    endsAt(lock, wait.ticket, wait.attendMs + placeRetentionMs);
  }
  for (const victim of snapshot.gaveWay) lock.gaveWay.set(victim.holder, victim);
  lock.dueMs = dueMsOf(lock);
  return lock;
}
