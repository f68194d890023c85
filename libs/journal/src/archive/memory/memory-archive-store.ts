import type { HistoryRecord, IndexEntry, InstanceSnapshot } from "../port.ts";

/** Stored data of an instance. */
export interface KeptInstance {
  entry: IndexEntry;
  snapshot: InstanceSnapshot | undefined;
  /** Removed: only its id is still reserved. */
  isRemoved: boolean;
  readonly history: HistoryRecord[];
}

export interface KeptPartition {
  /** The epoch of the last owner that opened it: older owners can change nothing. */
  epoch: number;
  coveredTo: number;
  packedTo: number;
  partitionSnapshot: Uint8Array;
  /** By incarnation. */
  readonly instances: Map<number, KeptInstance>;
  /** The newest incarnation of each key. */
  readonly newest: Map<string, number>;
}

/**
 * The part of an archive in memory that outlives it. An archive opened on it continues as after a restart of the
 * process.
 */
export class MemoryArchiveStore {
  readonly partitions = new Map<number, KeptPartition>();
  /** Copies that backups made, by directory. */
  readonly backups = new Map<string, MemoryArchiveStore>();

  partition(partition: number): KeptPartition {
    let kept = this.partitions.get(partition);
    if (kept === undefined) {
      kept = {
        epoch: 0,
        coveredTo: 0,
        packedTo: 0,
        partitionSnapshot: new Uint8Array(0),
        instances: new Map(),
        newest: new Map(),
      };
      this.partitions.set(partition, kept);
    }
    return kept;
  }

  copy(): MemoryArchiveStore {
    const copy = new MemoryArchiveStore();
    for (const [partition, kept] of this.partitions) copy.partitions.set(partition, structuredClone(kept));
    return copy;
  }
}
