import type { Changes, IndexEntry, InstanceSnapshot } from "../port.ts";
import type { EncodedChanges } from "./committer.ts";
import { LineWriter } from "./index/lines.ts";

/** Takes what a commit says, so that the caller may continue with its arrays and bytes. */
export function encodeChanges({ coveredTo, partitionSnapshot, snapshots, entries }: Changes): EncodedChanges {
  return {
    coveredTo,
    partitionSnapshot: partitionSnapshot?.slice(),
    lines: linesOf(entries),
    snapshots: copied(snapshots),
  };
}

function linesOf(entries: readonly IndexEntry[]) {
  return new LineWriter().write(entries);
}

/** All snapshots into one memory, so that it is handed over as a whole. */
function copied(snapshots: readonly InstanceSnapshot[]): EncodedChanges["snapshots"] {
  const bytes = snapshots.reduce((sum, { snapshot }) => sum + snapshot.length, 0);
  const memory = new Uint8Array(bytes);
  let at = 0;
  return snapshots.map(({ incarnation, snapshot, dueMs, outstanding }) => {
    const copy = memory.subarray(at, at + snapshot.length);
    copy.set(snapshot);
    at += snapshot.length;
    return { incarnation, snapshot: copy, dueMs, outstanding };
  });
}
