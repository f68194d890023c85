import type { Refusal } from "@tutti/kernel";

/**
 * The journal: what is durable. A log of batches per partition, each a place of one service where one owner at a time
 * decides. The runtime writes nothing durable elsewhere.
 *
 * What every implementation owes, and the conformance suite checks:
 * 1. A batch is complete or absent. An append that was answered `durable` is there for ever (until it is
 *    truncated), after any crash.
 * 2. Batches of a partition have the numbers 1, 2, 3 … without gaps, in the order in which they were appended. Of
 *    unacknowledged appends the first ones are there, or none: never the third without the second.
 * 3. Many appends of a partition may be under way, each naming the number it expects to get. After one has failed, all
 *    later ones fail.
 * 4. Once a seal of epoch E is durable, no append of an older epoch ever becomes durable, also when both were under way
 *    at the same instant. What came before the seal can no longer change.
 * 5. Each batch carries the SHA-256 of the one before. What was damaged is reported with its place, never skipped.
 *
 * A journal on JetStream owes besides: one stream per partition, R3 in a cluster, each append with the expected last
 * sequence of the stream and no message id. Numbers are its own, carried in the batch, and it keeps the sequence that
 * goes with the last one. A batch above the server's limit travels in parts of which the last one makes it count. An
 * append without an answer is `unknown`: from then on the partition refuses everything as `stopped` until a seal, which
 * is repeated until it is accepted, has shown what landed. `fenced` is distinguished from `misplaced` by reading the
 * last batch. `room` is there as long as what is under way stays below its bound.
 *
 * @guarantee A step that was acknowledged is durable. A crash of any process does not remove it.
 */
export interface Journal {
  /** The partitions in a fixed order. A service's number of partitions is fixed when the journal is made. */
  readonly partitions: readonly JournalPartition[];
  /** Bytes of records that one batch may have. */
  readonly batchBytesMax: number;
  /** Returns the partition of a service. Asking for one that the journal was not opened with is a bug. */
  partition(service: string, partition: number): JournalPartition;
  /**
   * Undefined while any append will find room, and the disk is not `full`. Otherwise resolves when it is worth trying
   * again. An append that is made nevertheless is refused as `busy`.
   */
  room(): Promise<void> | undefined;
  /**
   * Why nothing more should be decided: the disk has no room for another segment. Undefined while it has. Later appends
   * still find the rest of a segment. Absent where the disk is not the journal's own.
   */
  readonly full?: Refusal | undefined;
  /** Waits for what is under way, then lets go of everything. Appends from here on are refused as `stopped`. */
  close(): Promise<void>;
}

/** Names a partition: the service it belongs to, and its number from 0. */
export interface PartitionName {
  readonly service: string;
  readonly partition: number;
}

/** How many partitions a service has. */
export interface ServicePartitions {
  readonly service: string;
  readonly partitions: number;
}

/** The log of one partition. */
export interface JournalPartition extends PartitionName {
  /** Number of the first batch that can be read. One above the last when there is none. */
  readonly first: number;
  /** The last durable batch. */
  readonly last: Position;
  /**
   * Adds a batch. The bytes are taken before this returns: the caller may reuse its buffer at once. Resolves
   * in the order of the calls. Throws only for a bug of the caller: an epoch without a seal, a time that runs
   * backwards, more bytes than `batchBytesMax`.
   */
  append(batch: Append): Promise<AppendOutcome>;
  /**
   * Starts an epoch with a batch without records, after all that is under way. An owner does this first, and again
   * after every unknown outcome. What it then reads up to the seal is all there is and will ever be before it.
   */
  seal(seal: Seal): Promise<SealOutcome>;
  /**
   * Returns the batches from a number on up to the last durable one at the time of the call, in slices. Throws
   * `journal.truncated` when the first of them is gone and `journal.corrupt` when one is damaged.
   */
  read(from: number): AsyncIterable<readonly JournalBatch[]>;
  /**
   * Allows the batches below a number to be deleted. How soon and how many are is the implementation's choice. The
   * position of the last batch is kept in any case.
   */
  truncate(before: number): Promise<void>;
}

/** The end of a partition's log. In an empty one all numbers are 0 and the hash is empty. */
export interface Position {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  /** SHA-256 of the whole encoded batch. */
  readonly hash: Uint8Array;
}

/** A batch to be added. */
export interface Append {
  /** The epoch that the owner sealed. */
  readonly epoch: number;
  /** The number it is to get: one above that of the append before. */
  readonly number: number;
  /** When it was decided. Never smaller than that of the batch before. */
  readonly timeMs: number;
  /** Version of the behaviour that decided it. */
  readonly behaviour: number;
  /** The encoded records, each with its field tag: all that follows the header in a `tutti.runtime.v1.Batch`. */
  readonly records: Uint8Array;
  /** How many records these are. */
  readonly count: number;
}

/** An epoch to be started. */
export interface Seal {
  /** Above the epoch of the last batch. */
  readonly epoch: number;
  /** Raised to the time of the batch before if that is later: batches under way from another owner are unknown. */
  readonly timeMs: number;
  readonly behaviour: number;
}

/**
 * Why something did not become durable.
 * - `fenced`: a newer epoch was sealed. Nothing was written. This owner is no longer one.
 * - `misplaced`: the number is not the next one, as after an append before it failed. Nothing was written.
 * - `busy`: no room at the moment. Nothing was written. Wait for `room()`.
 * - `full`: no room on the disk. Nothing was written. The same may be tried again when there is some.
 * - `unknown`: it may be there, or come to be there. Forget what was decided, seal, and read.
 * - `stopped`: nothing was written, and nothing can be until the journal is opened again (or, where each partition
 *   has a log of its own, until it is sealed).
 */
export type FailureKind = "fenced" | "misplaced" | "busy" | "full" | "unknown" | "stopped";

export interface Failure {
  readonly kind: FailureKind;
  /** The same for people and for callers: what was expected, found, and what to do. */
  readonly refusal: Refusal;
}

export type AppendOutcome = { readonly kind: "durable" } | Failure;
export type SealOutcome = { readonly kind: "sealed"; readonly number: number } | Failure;

/** A batch as it is in the journal. */
export interface JournalBatch {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  readonly behaviour: number;
  readonly seal: boolean;
  /** SHA-256 of the batch before. Empty in the first. */
  readonly previousHash: Uint8Array;
  /** The encoded records. */
  readonly records: Uint8Array;
  readonly count: number;
}
