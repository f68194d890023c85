/**
 * The archive stores data next to the journal so that the journal can be cut. It has snapshots of instances, their
 * history, and the index for searches. There is one per process and service. Everything in it can be rebuilt from the
 * journal up to where the journal has been cut.
 *
 * Every implementation guarantees, and its conformance suite checks:
 * 1. A `commit` is complete or absent. Once it has resolved, it is permanent, after any crash.
 * 2. The runtime commits only durable batches of the journal, and cuts the journal only behind the batch that `settle`
 *    has named. So `opening()` never returns less than was settled before. If it is behind the first batch of the
 *    journal, the archive has lost something, and the opener reports it instead of continuing.
 * 3. Every row carries a checksum. Damage is reported with its place, never returned as an answer.
 * 4. Nothing here blocks the calling thread: all waiting is for promises, and slices of upkeep are below 5 ms.
 * 5. Changes take effect in the order of the calls, and a read sees at least all changes that were answered before its
 *    call. Arguments are copied before the call returns, so arrays and bytes may be reused.
 * 6. Repeating a commit changes nothing: a restart repeats all that the journal still has.
 * 7. A partition has one writer at a time, wherever they run: once a process opens it under a newer epoch, older ones
 *    can change nothing. Their later calls are refused as `archive.fenced`. Each of their earlier calls is complete or
 *    absent when the newer one starts.
 *
 * An instance is removed when it has ended, its `keepUntilMs` has passed, and its end is covered. If its `keepUntilMs`
 * is its end, it is removed as its last line is committed. Removed means not found by any search, without history, and
 * `load` gives a tombstone while its id is kept, then nothing. Events of a partition itself (kind `partition`) have no
 * history beyond the journal.
 */
import type { WorkStatus } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";

export interface Archive {
  /** The archive of a partition of the service it was opened for. */
  partition(partition: number): ArchivePartition;
  /** Finds instances of all partitions of this process, newest first by default. */
  search(search: Search): Promise<SearchPage>;
  /** Removes expired data, a slice at a time. Resolves with whether there is more to do now. */
  purge(nowMs: number): Promise<boolean>;
  /** Returns bytes on disk, rows, and the lag of the index, for status and metrics. */
  figures(): Promise<ArchiveFigures>;
  /** Writes a copy that can be opened on its own, while everything continues. */
  backup(directory: string): Promise<void>;
  close(): Promise<void>;
}

export interface ArchivePartition {
  /**
   * Opens the partition for the owner of an epoch, and returns the state of the archive. A new owner calls this before
   * any other operation. It is refused as fenced if another owner has opened it under a newer epoch. It may be repeated
   * under the same epoch.
   */
  opening(epoch: number): Promise<Opening>;
  /** The owner of this epoch releases the partition: it is not searched here until it is opened again. */
  release(epoch: number): void;
  /**
   * Returns false if there is certainly nothing under this key. Called for every start, so it costs no more than a few
   * hashes.
   */
  mayHave(key: InstanceKey): boolean;
  /** Returns the stored forms of instances, in the order of the keys. */
  load(keys: readonly InstanceKey[]): Promise<readonly LoadResult[]>;
  /** Returns the key of an incarnation, as carried by tokens. Undefined for removed instances. */
  keyOf(incarnation: number): Promise<InstanceKey | undefined>;
  /** Returns instances whose next timer is due at or before the moment, earliest first, starting after `after`. */
  due(beforeMs: number, limit: number, after?: DueInstance): Promise<readonly DueInstance[]>;
  /** Returns when the earliest timer of any kept instance is due. Undefined if there is none. */
  nextDueMs(): Promise<number | undefined>;
  /**
   * Returns live instances with effects outstanding and their snapshots, in order of incarnation, starting after
   * `after`. A restart loads them. Returns at most `limit`, fewer if the snapshots are large, and none at the end.
   */
  outstanding(after: number, limit: number): Promise<readonly OutstandingInstance[]>;
  /** Adds and replaces, in one transaction. */
  commit(epoch: number, changes: Changes): Promise<void>;
  /**
   * Packs the history of all batches up to this number, so that they may be cut. Batches that are not covered cannot be
   * packed. Records of instances that were removed by then are left out.
   */
  pack(epoch: number, upToBatch: number): Promise<void>;
  /**
   * Secures all committed and packed data, so that no single flipped bit can undo it. Resolves with the last batch that
   * is covered and packed: the journal may be cut behind it.
   */
  settle(epoch: number): Promise<number>;
  /** Returns packed events of an instance in order. The runtime adds those that are still in the journal. */
  history(query: HistoryQuery): Promise<readonly HistoryRecord[]>;
}

export interface Opening {
  /** The committed data contains all batches up to this one. 0 in an empty archive. */
  readonly coveredTo: number;
  /** All batches up to this one are packed. */
  readonly packedTo: number;
  /** The stored snapshot of the partition itself. Empty in an empty archive. */
  readonly partitionSnapshot: Uint8Array;
}

/** The stored data under a key. */
export type LoadResult =
  /** Also for a running instance with an index line but no snapshot: the journal has all of it. */
  | { readonly kind: "nothing" }
  /** A snapshot of a running instance, or of an ended one whose state is kept. */
  | { readonly kind: "snapshot"; readonly snapshot: Uint8Array }
  /** It ended, and its state can be folded from its history. */
  | {
      readonly kind: "ended";
      readonly incarnation: number;
      readonly events: number;
      readonly last: RecordPlace;
    }
  /** It was removed, and its id stays reserved for a while. */
  | { readonly kind: "tombstone"; readonly untilMs: number };

/** Place of a record: the batch, and the index in it from 0. */
export interface RecordPlace {
  readonly batch: number;
  readonly index: number;
}

export interface DueInstance {
  readonly dueMs: number;
  readonly incarnation: number;
  readonly key: InstanceKey;
}

export interface OutstandingInstance {
  readonly incarnation: number;
  /** It contains the key of its instance. */
  readonly snapshot: Uint8Array;
}

/** The data that a commit adds and replaces. */
export interface Changes {
  /** With this commit, the committed data contains all batches up to this one. Never smaller than before. */
  readonly coveredTo: number;
  /** Replaces the snapshot of the partition itself. Undefined leaves it. */
  readonly partitionSnapshot: Uint8Array | undefined;
  /**
   * Snapshots of instances whose first line was committed before or is in this commit. A snapshot of an ended instance
   * comes with its last line.
   */
  readonly snapshots: readonly InstanceSnapshot[];
  /** New and changed lines of the index. */
  readonly entries: readonly IndexEntry[];
}

export interface InstanceSnapshot {
  readonly key: InstanceKey;
  readonly incarnation: number;
  /** An encoded `Snapshot` of the contracts. */
  readonly snapshot: Uint8Array;
  /** Time of the next timer. 0 if there is none. */
  readonly dueMs: number;
  /** Whether effects are outstanding. */
  readonly outstanding: boolean;
}

/** The data of an instance that lists and searches show. The first line of an instance registers its key. */
export interface IndexEntry {
  readonly key: InstanceKey;
  /** Counts the instances of the partition from 1. Distinguishes two that had the same key one after the other. */
  readonly incarnation: number;
  readonly status: WorkStatus;
  readonly definition: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startMs: number;
  /** 0 while it is running. */
  readonly endMs: number;
  readonly events: number;
  /** Its last record at that time. */
  readonly last: RecordPlace;
  /** The actor that started it: an encoded `Actor` of the contracts. */
  readonly startedBy: Uint8Array;
  /**
   * Time from which it may be removed: `endMs` plus its retention. 0 while it is running. `endMs` itself means at once.
   */
  readonly keepUntilMs: number;
  /** Time until which its id stays reserved after that. 0 if the id is free at once. */
  readonly idKeptUntilMs: number;
}

export interface HistoryQuery {
  readonly key: InstanceKey;
  /** Its last packed or unpacked record, from memory, a snapshot or the index: the start of the chain of records. */
  readonly last: RecordPlace;
  /** Events after this one … */
  readonly afterEvent: number;
  /** … and at most this many. */
  readonly limit: number;
}

/** An event as it was recorded. */
export interface HistoryRecord {
  readonly event: number;
  readonly timeMs: number;
  readonly place: RecordPlace;
  /** An encoded `Record` of the contracts, with its own cause. */
  readonly record: Uint8Array;
}

export interface Search {
  /** Empty: all namespaces. */
  readonly namespace: string;
  /** Empty: all kinds. */
  readonly kinds: readonly string[];
  /** Empty: all statuses. */
  readonly statuses: readonly WorkStatus[];
  /** Empty: all definitions. */
  readonly definition: string;
  /** All must hold. */
  readonly labels: readonly LabelCondition[];
  /** From (inclusive) and to (exclusive). 0 and Infinity are open ends. */
  readonly startedMs: TimeSpan;
  /** Undefined: ended or not. */
  readonly endedMs: TimeSpan | undefined;
  readonly idPrefix: string;
  readonly order: "started-descending" | "started-ascending" | "ended-descending";
  readonly limit: number;
  /** Continues after the last of an earlier page. Empty for the first. Opaque. */
  readonly cursor: string;
  /**
   * For callers that search repeatedly: the index may lack the last second. Other callers see everything that was
   * durable.
   */
  readonly mayLag?: boolean;
}

export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** A condition on one label. */
export type LabelCondition =
  | { readonly kind: "equals"; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: "not"; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: "exists"; readonly name: string }
  | { readonly kind: "absent"; readonly name: string };

export interface SearchPage {
  readonly entries: readonly IndexEntry[];
  /** Empty if there is no more. */
  readonly cursor: string;
  /** The page includes everything committed before this moment. */
  readonly indexedToMs: number;
}

export interface ArchiveFigures {
  readonly bytes: number;
  readonly liveInstances: number;
  readonly endedInstances: number;
  readonly packedRows: number;
}
