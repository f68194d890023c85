import type { Changes, IndexEntry, InstanceSnapshot } from "../port.ts";
import type { EncodedChanges } from "./committer.ts";
import { LineWriter } from "./index/lines.ts";

/** Encodes the content of a commit, so that the caller may reuse its arrays and bytes. */
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

/** Copies all snapshots into one buffer, so that they are transferred as a whole. */
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
