import { assert, reasonOf } from "@tutti/kernel";
import { copyBytes } from "../batch/copy.ts";
import { type Disk, type DiskFile, isDiskFull, writeFully } from "../disk/disk.ts";
import type { PartitionName } from "../port.ts";
import type { Ends } from "./ends.ts";
import { Frames } from "./frames.ts";
import { sumOfGroupHeader, writeGroupChecksum, writeGroupHeader } from "./group-header.ts";
import { HashChain } from "./hash-chain.ts";
import { aligned, blockBytes, groupHeaderBytes, viewOf } from "./layout.ts";
import { nameOfSegment, nextSegmentBytes, type SegmentSizes, startSegment } from "./segment-files.ts";

/**
 * Makes groups durable, one after the other. It runs in its own thread, or inline in tests and simulations, and uses
 * neither threads nor time itself.
 *
 * 1. A group is written when the one before is durable, and is durable when its sync has returned.
 * 2. Space is allocated before a group is written: a full disk is detected before any effect.
 * 3. After a failed write or sync nothing more is written: the content of the disk is unknown, and a later successful
 *    sync would not change that.
 * 4. The chain advances only with written groups: hash and checksum of a group are computed after room was found for
 *    it.
 * 5. The hashes of a group's batches are computed when it is durable and its waiting callers have the answer. So no
 *    group is overwritten before the next one is durable.
 */
export class SegmentWriter {
  readonly #disk: Disk;
  readonly #sizes: SegmentSizes;
  readonly #log: LogState;
  readonly #chain: HashChain;
  #file: DiskFile | undefined;
  #stopped: string | undefined;

  constructor(disk: Disk, sizes: SegmentSizes, log: LogState) {
    this.#disk = disk;
    this.#sizes = sizes;
    this.#log = log;
    this.#chain = new HashChain(log.ends.hashes);
  }

  /** End of each partition's log after the last commit. */
  get ends(): Ends {
    return this.log.ends;
  }

  get log(): Readonly<LogState> {
    this.finish();
    return this.#log;
  }

  /** Finishes the last group: nothing waits for it, and the next one needs it. */
  finish(): void {
    this.#chain.finish();
  }

  /**
   * Commits a group. Its frames are in these bytes, after the room for its header. `length` ends with the last frame,
   * and the bytes extend to the end of a block.
   */
  commit(bytes: Uint8Array, length: number, batches: number): CommitResult {
    if (this.#stopped !== undefined) return { kind: "unknown", reason: this.#stopped };
    const room = this.#ensureRoom(aligned(length));
    if (room !== undefined) return room;
    try {
      this.#write(bytes, length, batches);
    } catch (error) {
      return this.#stop(error);
    }
    return this.#log.active;
  }

  /**
   * Confirms the last group with an empty one, so that later damage to it is recognised. Best effort: without it the
   * log is as whole as after a crash.
   */
  close(): void {
    if (!this.#log.vouched) this.commit(new Uint8Array(aligned(groupHeaderBytes)), groupHeaderBytes, 0);
    this.release();
  }

  /** Closes the file, so that another writer can continue with this log. */
  release(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#stopped ??= "the log was closed";
  }

  /** Starts the next segment. Undefined on success. */
  startSegment(groupBytes: number): CommitFailure | undefined {
    this.finish();
    const log = this.#log;
    const segment = log.active.segment + 1;
    const bytes = nextSegmentBytes(this.#sizes, log.active.segmentBytes);
    try {
      const started = startSegment(
        this.#disk,
        {
          segment,
          logId: log.logId,
          firstSequence: log.sequence + 1,
          previousChecksum: log.checksum,
          partitions: log.partitions,
          ends: log.ends,
        },
        bytes,
        groupBytes,
      );
      this.#file?.close();
      this.#file = started.file;
      log.active = durableAt(segment, started.offset, started.file.bytes);
      log.next = started.offset;
      log.vouched = true;
      return;
    } catch (error) {
      return isDiskFull(error) ? { kind: "full", reason: reasonOf(error) } : this.#stop(error);
    }
  }

  #ensureRoom(bytes: number): CommitFailure | undefined {
    if (this.#log.next + bytes <= this.#log.active.segmentBytes) return;
    return this.startSegment(bytes);
  }

  #write(bytes: Uint8Array, length: number, batches: number): void {
    const log = this.#log;
    const offset = log.next;
    const view = viewOf(bytes);
    const sequence = log.sequence + 1;
    const segment = log.active.segment;
    writeGroupHeader(bytes, view, log.logId, {
      sequence,
      bytes: length,
      batches,
      segment,
      offset,
      previousChecksum: log.checksum,
    });
    const checksum = this.#sealFrames(bytes, view, length);
    writeGroupChecksum(view, checksum);
    const paddedBytes = aligned(length);
    copyBytes(zeros.subarray(0, paddedBytes - length), bytes, length);
    this.#file ??= this.#disk.open(nameOfSegment(segment));
    writeFully(this.#file, paddedBytes === bytes.length ? bytes : bytes.subarray(0, paddedBytes), offset);
    this.#file.sync();
    log.sequence = sequence;
    log.checksum = checksum;
    log.next = offset + paddedBytes;
    log.active = durableAt(segment, offset, log.active.segmentBytes);
    log.vouched = batches === 0;
  }

  /** Fills in hash and checksum of every batch, advances the chain, and returns the checksum of the group. */
  #sealFrames(bytes: Uint8Array, view: DataView, length: number): number {
    const chain = this.#chain;
    const { ends } = this.#log;
    let sum = sumOfGroupHeader(bytes);
    chain.startGroup(bytes);
    const frames = new Frames(bytes, view, length);
    while (frames.next()) {
      const { partition, number } = frames;
      if (number > 1) chain.name(partition, frames.hashAt);
      frames.checksum = frames.sumOfRecords();
      sum = frames.sumOfHead(sum);
      chain.add(partition, frames.batchAt, frames.batchBytes);
      assert(
        number === (ends.numbers[partition] ?? 0) + 1,
        "batches of a partition are written without a gap",
        { partition, number },
      );
      ends.numbers[partition] = number;
      ends.epochs[partition] = frames.epoch;
      ends.times[partition] = frames.timeMs;
    }
    return sum;
  }

  #stop(error: unknown): CommitFailure {
    this.#stopped = reasonOf(error);
    return { kind: "unknown", reason: this.#stopped };
  }
}

/** State of a log that a writer needs to continue it. Plain data, so that it can be passed to a thread. */
export interface LogState {
  readonly logId: Uint8Array;
  /** The table of partitions for the frames. */
  readonly partitions: readonly PartitionName[];
  readonly ends: Ends;
  /** Sequence and checksum of the last group. 0 if there is none. */
  sequence: number;
  checksum: number;
  /** The current segment, and the place of its last group. Segment 0: there is none yet. */
  active: Durable;
  /** Place of the next group in it. */
  next: number;
  /** Whether damage to the last group would be noticed: a later segment names it, or it is empty. */
  vouched: boolean;
}

/** Place where a group has become durable. */
export interface Durable {
  readonly kind: "durable";
  readonly segment: number;
  readonly offset: number;
  readonly segmentBytes: number;
}

export interface CommitFailure {
  readonly kind: "full" | "unknown";
  readonly reason: string;
}

export type CommitResult = Durable | CommitFailure;

export function durableAt(segment: number, offset: number, segmentBytes: number): Durable {
  return { kind: "durable", segment, offset, segmentBytes };
}

/** Padding after the last frame of a group. Copied, because filling shared memory goes byte by byte. */
const zeros = new Uint8Array(blockBytes);
