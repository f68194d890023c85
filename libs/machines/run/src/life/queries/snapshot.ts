/** The whole state of a run, for a later reset. */
import { type RunSignal, RunSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Query } from "@tutti/kernel";
import type { Run } from "../../core/state/state.ts";
import { snapshotOf } from "../snapshot/snapshots.ts";

export interface SnapshotReply {
  /** A `RunSnapshotV1`. */
  readonly bytes: Uint8Array;
  /** Signals that are kept. */
  readonly signals: readonly RunSignal[];
  /** Number of the last signal. */
  readonly lastSignal: number;
}

export const showSnapshot: Query<Run, undefined, SnapshotReply> = {
  type: "snapshot",
  answer(run) {
    const snapshot = snapshotOf(run as Run);
    const { signals, lastSignal } = snapshot;
    return { bytes: RunSnapshotV1.encode(snapshot).finish(), signals, lastSignal };
  },
};
