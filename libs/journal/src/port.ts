import type { Refusal } from "@tutti/kernel";

/**
 * The journal is the durable record: a log of batches per partition. A partition belongs to one service, and one owner
 * at a time decides in it. The runtime writes no other durable data.
 *
 * Every implementation guarantees, and the conformance suite checks:
 * 1. A batch is complete or absent. An append that was answered `durable` is permanent until it is truncated, after any
 *    crash.
 * 2. Batches of a partition have the numbers 1, 2, 3 … without gaps, in the order in which they were appended. Of
 *    unacknowledged appends a prefix is present, or none: never the third without the second.
 * 3. Many appends of a partition may be under way, each naming the number it expects to get. After one has failed, all
 *    later ones fail.
 * 4. Once a seal of epoch E is durable, no append of an older epoch ever becomes durable. This also holds if both were
 *    under way at the same instant. The batches before the seal can no longer change.
 * 5. Each batch carries the SHA-256 of the one before. Damage is reported with its place, never skipped.
 *
 * A journal on JetStream also has: one stream per partition, R3 in a cluster, each append with the expected last
 * sequence of the stream and no message id. Numbers are its own, carried in the batch, and it keeps the sequence of the
 * last one. A batch above the server's limit travels in parts of which the last one makes it count. An append without
 * an answer is `unknown`: from then on the partition refuses everything as `stopped` until a seal, which is repeated
 * until it is accepted, has shown what landed. `fenced` is distinguished from `misplaced` by reading the last batch.
 * There is `room` while the bytes under way stay below their bound.
 *
 * @guarantee A step that was acknowledged is durable. A crash of any process does not remove it.
 */
export interface Journal {
  /** The partitions in a fixed order. A service's number of partitions is fixed when the journal is created. */
  readonly partitions: readonly JournalPartition[];
  /** Maximum bytes of records per batch. */
  readonly batchBytesMax: number;
  /**
   * Returns the partition of a service. Throws for a partition that the journal was not opened with, which is a bug.
   */
  partition(service: string, partition: number): JournalPartition;
  /**
   * Undefined while every append finds room, and the disk is not `full`. Otherwise resolves when it is worth a retry.
   * An append that is made anyway is refused as `busy`.
   */
  room(): Promise<void> | undefined;
  /**
   * Reason to stop deciding: the disk has no room for another segment. Undefined while it has. Later appends still fit
   * into the rest of the segment. Absent if the disk does not belong to the journal.
   */
  readonly full?: Refusal | undefined;
  /** Waits for appends under way, then releases everything. Later appends are refused as `stopped`. */
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
  /** Number of the first readable batch. One above the last if there is none. */
  readonly first: number;
  /** The last durable batch. */
  readonly last: Position;
  /**
   * Adds a batch. The bytes are copied before this returns: the caller may reuse its buffer at once. Resolves in the
   * order of the calls. Throws only for a bug of the caller: an epoch without a seal, a time that runs backwards, more
   * bytes than `batchBytesMax`.
   */
  append(batch: Append): Promise<AppendOutcome>;
  /**
   * Starts an epoch with a batch without records, after all appends under way. An owner does this first, and again
   * after every unknown outcome. Nothing can be added before the seal afterwards, so a read up to it is complete.
   */
  seal(seal: Seal): Promise<SealOutcome>;
  /**
   * Returns the batches from a number on up to the last durable one at the time of the call, in slices. Throws
   * `journal.truncated` if the first of them was removed, and `journal.corrupt` if one is damaged.
   */
  read(from: number): AsyncIterable<readonly JournalBatch[]>;
  /**
   * Allows the batches below a number to be deleted. The implementation decides how soon and how many. The position of
   * the last batch is always kept.
   */
  truncate(before: number): Promise<void>;
}

/** The end of a partition's log. In an empty log all numbers are 0 and the hash is empty. */
export interface Position {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  /** SHA-256 of the whole encoded batch. */
  readonly hash: Uint8Array;
}

/** A batch to append. */
export interface Append {
  /** The epoch that the owner sealed. */
  readonly epoch: number;
  /** The expected number: one above that of the append before. */
  readonly number: number;
  /** Time of the decision. Never smaller than in the batch before. */
  readonly timeMs: number;
  /** Version of the behaviour that decided it. */
  readonly behaviour: number;
  /** The encoded records, each with its field tag: everything after the header in a `tutti.runtime.v1.Batch`. */
  readonly records: Uint8Array;
  /** Number of records. */
  readonly count: number;
}

/** An epoch to start. */
export interface Seal {
  /** Above the epoch of the last batch. */
  readonly epoch: number;
  /** Raised to the time of the batch before if that is later: batches under way from another owner are unknown. */
  readonly timeMs: number;
  readonly behaviour: number;
}

/**
 * Reason why an append or a seal did not become durable.
 * - `fenced`: a newer epoch was sealed. Nothing was written. This owner has been replaced.
 * - `misplaced`: the number is not the next one, as after an append before it failed. Nothing was written.
 * - `busy`: no room at the moment. Nothing was written. Wait for `room()`.
 * - `full`: no room on the disk. Nothing was written. Retry when there is some.
 * - `unknown`: it may be durable, or become durable later. Drop the decisions, seal, and read.
 * - `stopped`: nothing was written, and nothing can be until the journal is opened again. Where each partition has a log
 *   of its own, a seal is enough.
 */
export type FailureKind = "fenced" | "misplaced" | "busy" | "full" | "unknown" | "stopped";

export interface Failure {
  readonly kind: FailureKind;
  /** The reason for people and callers: the expected and the actual state, and the remedy. */
  readonly refusal: Refusal;
}

export type AppendOutcome = { readonly kind: "durable" } | Failure;
export type SealOutcome = { readonly kind: "sealed"; readonly number: number } | Failure;

/** A batch in the journal. */
export interface JournalBatch {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  readonly behaviour: number;
  readonly seal: boolean;
  /** SHA-256 of the batch before. Empty in the first batch. */
  readonly previousHash: Uint8Array;
  /** The encoded records. */
  readonly records: Uint8Array;
  readonly count: number;
}
