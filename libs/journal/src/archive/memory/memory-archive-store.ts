import type { HistoryRecord, IndexEntry, InstanceSnapshot } from "../port.ts";

/** Stored data of an instance. */
export interface StoredInstance {
  entry: IndexEntry;
  snapshot: InstanceSnapshot | undefined;
  /** Removed: only its id is still reserved. */
  isRemoved: boolean;
  readonly history: HistoryRecord[];
}

export interface StoredPartition {
  /** The epoch of the last owner that opened it: older owners can change nothing. */
  epoch: number;
  coveredTo: number;
  packedTo: number;
  partitionSnapshot: Uint8Array;
  /** By incarnation. */
  readonly instances: Map<number, StoredInstance>;
  /** The newest incarnation of each key. */
  readonly newest: Map<string, number>;
}

/**
 * The part of an archive in memory that outlives it. An archive opened on it continues as after a restart of the
 * process.
 */
export class MemoryArchiveStore {
  readonly partitions = new Map<number, StoredPartition>();
  /** Copies that backups made, by directory. */
  readonly backups = new Map<string, MemoryArchiveStore>();

  partition(partition: number): StoredPartition {
    let stored = this.partitions.get(partition);
    if (stored === undefined) {
      stored = {
        epoch: 0,
        coveredTo: 0,
        packedTo: 0,
        partitionSnapshot: new Uint8Array(0),
        instances: new Map(),
        newest: new Map(),
      };
      this.partitions.set(partition, stored);
    }
    return stored;
  }

  copy(): MemoryArchiveStore {
    const copy = new MemoryArchiveStore();
    for (const [partition, stored] of this.partitions)
      copy.partitions.set(partition, structuredClone(stored));
    return copy;
  }
}
