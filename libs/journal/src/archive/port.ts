/**
 * The archive: the stored data beside the journal so that the journal can be cut. Snapshots of instances, their
 * history, and the index that searches are answered from. One per process and service. Everything in it can be rebuilt
 * from the journal up to where the journal has been cut.
 *
 * What every implementation owes, and its conformance suite checks:
 * 1. A `commit` is complete or absent. Once it has resolved it is there for ever, after any crash.
 * 2. The runtime commits only durable batches of the journal, and cuts the journal only behind the batch that
 *    `settle` has
 *    named. So `opening()` never says less than what was settled before. When it is behind the first batch of the
 *    journal, the archive has lost something, and the opener reports it instead of continuing.
 * 3. Every row carries a checksum. What is damaged is reported with its place, never answered.
 * 4. Nothing here blocks the thread that calls: all waiting is for promises, and slices of upkeep are below 5 ms.
 * 5. Changes take effect in the order in which they were asked for, and a read sees at least all that were answered
 *    when it was asked. What is handed over is taken before the call returns. Arrays and bytes may be reused.
 * 6. Repeating what was committed before changes nothing: a restart does so with all that the journal still has.
 * 7. A partition has one writer at a time, wherever they run: a process that opens it under a newer epoch ends all that
 *    older ones may change. What they still ask for changes nothing and is refused as `archive.fenced`. Of what they
 *    asked for before, everything or nothing is there when the newer one starts.
 *
 * What is removed: an instance that ended and whose `keepUntilMs` has passed, once its end is covered. One whose
 * `keepUntilMs` is its end is removed as its last line is committed. Removed means not found by any search, without
 * history, and `load` gives a tombstone while its id is kept, then nothing. Events of a partition itself (kind
 * `partition`) have no history beyond the journal.
 */
import type { WorkStatus } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";

export interface Archive {
  /** The archive of a partition of the service it was opened for. */
  partition(partition: number): ArchivePartition;
  /** Instances of all partitions this process has, newest first unless asked otherwise. */
  search(search: Search): Promise<SearchPage>;
  /** Removes what is no longer to be kept, a slice at a time. Resolves with whether there is more to do now. */
  purge(nowMs: number): Promise<boolean>;
  /** Bytes on disk, rows, and how far the index is behind: for status and metrics. */
  figures(): Promise<ArchiveFigures>;
  /** Writes a copy that can be opened on its own, while everything continues. */
  backup(directory: string): Promise<void>;
  close(): Promise<void>;
}

export interface ArchivePartition {
  /**
   * Takes the partition over for the owner of an epoch, and says where the archive stands: what a new owner starts
   * with. Nothing else is asked of a partition before. Under an epoch older than another's it is refused as fenced.
   * Under the same one it may be asked again.
   */
  opening(epoch: number): Promise<Opening>;
  /** The owner of this epoch lets go of it: it is not searched here any more, until it is opened again. */
  release(epoch: number): void;
  /**
   * False when there is surely nothing under this key. Asked for every start, so it costs no more than a few hashes.
   */
  mayHave(key: InstanceKey): boolean;
  /** The stored forms of instances, in the order of the keys. */
  load(keys: readonly InstanceKey[]): Promise<readonly Kept[]>;
  /** By the number that tokens carry. Undefined of what was removed. */
  keyOf(incarnation: number): Promise<InstanceKey | undefined>;
  /** Instances whose next timer is due at or before the moment, earliest first, from after `after` on. */
  due(beforeMs: number, limit: number, after?: DueInstance): Promise<readonly DueInstance[]>;
  /** When the earliest timer of any kept instance is due. Undefined without one. */
  nextDueMs(): Promise<number | undefined>;
  /**
   * Live instances with effects outstanding and their snapshots, in order of incarnation, from after `after` on: a
   * restart brings them back. At most so many, fewer where the snapshots are large. None at the end.
   */
  outstanding(after: number, limit: number): Promise<readonly OutstandingInstance[]>;
  /** Adds and replaces, in one transaction. */
  commit(epoch: number, changes: Changes): Promise<void>;
  /**
   * Packs the history of all batches up to this number, so that they may be cut. Not beyond what is covered. Records of
   * instances that were removed by then are left out.
   */
  pack(epoch: number, upToBatch: number): Promise<void>;
  /**
   * Makes all committed and packed data so safe that no single flipped bit can take it back. Resolves with
   * the last batch that the archive no longer needs: it is covered and packed, and the journal may be cut
   * behind it.
   */
  settle(epoch: number): Promise<number>;
  /** Events of an instance in order, of those that are packed. The runtime adds those that are still in the journal. */
  history(wanted: HistoryWanted): Promise<readonly HistoryRecord[]>;
}

export interface Opening {
  /** All batches up to this one are contained in what is committed. 0 in an empty archive. */
  readonly coveredTo: number;
  /** All batches up to this one are packed. */
  readonly packedTo: number;
  /** What the runtime keeps of the partition itself. Empty in an empty archive. */
  readonly partitionSnapshot: Uint8Array;
}

/** The stored data under a key. */
export type Kept =
  /**
   * Nor anything of an instance that continues and has a line in the index but no snapshot: the journal has all of it.
   */
  | { readonly kind: "nothing" }
  /** A snapshot of an instance that continues, or that ended with a state worth keeping. */
  | { readonly kind: "snapshot"; readonly snapshot: Uint8Array }
  /** It ended, and its state is to be folded from its history again. */
  | {
      readonly kind: "ended";
      readonly incarnation: number;
      readonly events: number;
      readonly last: RecordPlace;
    }
  /** It is gone, and its id stays taken for a while. */
  | { readonly kind: "tombstone"; readonly untilMs: number };

/** Where a record is: the batch, and the index in it from 0. */
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
  /** It says itself whose it is. */
  readonly snapshot: Uint8Array;
}

/** What a commit adds and replaces. */
export interface Changes {
  /** All batches up to this one are contained in what is committed with it. Never smaller than before. */
  readonly coveredTo: number;
  /** Replaces the stored form of the partition itself. Undefined leaves it. */
  readonly partitionSnapshot: Uint8Array | undefined;
  /**
   * Of instances whose first line was committed before or is among these. Of ended ones together with their last line.
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
  /** When the next timer is due. 0 without one. */
  readonly dueMs: number;
  /** Whether effects are outstanding. */
  readonly outstanding: boolean;
}

/** What lists and searches show of an instance. The first line of an instance makes its key known. */
export interface IndexEntry {
  readonly key: InstanceKey;
  /** Counts the instances of the partition from 1: tells apart two that had the same key one after the other. */
  readonly incarnation: number;
  readonly status: WorkStatus;
  readonly definition: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startMs: number;
  /** 0 while it continues. */
  readonly endMs: number;
  readonly events: number;
  /** Its last record at the time. */
  readonly last: RecordPlace;
  /** Who started it: an encoded `Actor` of the contracts. */
  readonly startedBy: Uint8Array;
  /**
   * From when on it may be removed: `endMs` plus its retention. 0 while it continues. May be `endMs` itself: at once.
   */
  readonly keepUntilMs: number;
  /** Until when its id stays taken after that. 0 when it is free at once. */
  readonly idKeptUntilMs: number;
}

export interface HistoryWanted {
  readonly key: InstanceKey;
  /** Its last packed or unpacked record, from memory, a snapshot or the index: where the chain of records starts. */
  readonly last: RecordPlace;
  /** Events after this one … */
  readonly afterEvent: number;
  /** … and at most so many. */
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
  /** Empty: in every one. */
  readonly namespace: string;
  /** Empty: every kind. */
  readonly kinds: readonly string[];
  /** Empty: however it stands. */
  readonly statuses: readonly WorkStatus[];
  /** Empty: anything. */
  readonly definition: string;
  /** All must hold. */
  readonly labels: readonly LabelCondition[];
  /** From (inclusive) and to (exclusive), 0 and Infinity where open. */
  readonly startedMs: Span;
  /** Undefined: ended or not. */
  readonly endedMs: Span | undefined;
  readonly idPrefix: string;
  readonly order: "started-descending" | "started-ascending" | "ended-descending";
  readonly limit: number;
  /** Continues after the last of an earlier page. Empty for the first. Opaque. */
  readonly cursor: string;
  /** For callers that search again and again: the index may lack the last second. Others see all that was durable. */
  readonly mayLag?: boolean;
}

export interface Span {
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
  /** Empty when there is no more. */
  readonly cursor: string;
  /** Everything committed before this moment is in it. */
  readonly indexedToMs: number;
}

export interface ArchiveFigures {
  readonly bytes: number;
  readonly liveInstances: number;
  readonly endedInstances: number;
  readonly packedRows: number;
}
