import { crc32 } from "../batch/crc32.ts";
import { hashBytes } from "../batch/hash.ts";
import { hashBeforeChecksum, numberAfterEpoch, readBehaviour, timeAfterEpoch } from "../batch/header.ts";
import type { JournalBatch } from "../port.ts";
import { frameHeaderBytes, groupHeaderBytes } from "./layout.ts";

/** The data of a frame before its batch: places in the batch, so that it can be sealed and checked without decoding. */
export interface FrameHead {
  /** Length of the batch. */
  readonly batchBytes: number;
  /** Number of records. */
  readonly count: number;
  /** Index of the partition in the segment's table. */
  readonly partition: number;
  /** Places of the records, the checksum and the epoch, from the start of the batch. */
  readonly headerBytes: number;
  readonly checksumAt: number;
  readonly epochAt: number;
}

export function writeFrameHead(view: DataView, at: number, head: FrameHead): void {
  view.setUint32(at, head.batchBytes, true);
  view.setUint32(at + 4, head.count, true);
  view.setUint16(at + 8, head.partition, true);
  view.setUint16(at + 10, head.headerBytes, true);
  view.setUint16(at + 12, head.checksumAt, true);
  view.setUint16(at + 14, head.epochAt, true);
}

/**
 * Walks the frames of a group. One object for all of them: this runs once per batch, in the journal's thread.
 *
 *     for (const frames = new Frames(bytes, view, length); frames.next(); ) …
 */
export class Frames {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #next = groupHeaderBytes;

  /** Start of the frame. */
  at = 0;
  /** Start of its batch. */
  batchAt = 0;
  batchBytes = 0;
  count = 0;
  partition = 0;
  headerBytes = 0;
  /** Whether the walk ended at a frame with impossible places. */
  broken = false;
  #checksumAt = 0;
  #epochAt = 0;

  /** `length` is that of the group, from its header to the end of its last frame. */
  constructor(bytes: Uint8Array, view: DataView, length: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#end = length;
  }

  next(): boolean {
    const at = this.#next;
    if (at === this.#end) return false;
    if (at + frameHeaderBytes > this.#end) return this.#break(at);
    const view = this.#view;
    this.at = at;
    this.batchAt = at + frameHeaderBytes;
    this.batchBytes = view.getUint32(at, true);
    this.count = view.getUint32(at + 4, true);
    this.partition = view.getUint16(at + 8, true);
    this.headerBytes = view.getUint16(at + 10, true);
    this.#checksumAt = view.getUint16(at + 12, true);
    this.#epochAt = view.getUint16(at + 14, true);
    this.#next = this.batchAt + this.batchBytes;
    const isConsistent =
      this.#next <= this.#end &&
      this.headerBytes <= this.batchBytes &&
      this.#checksumAt + 4 <= this.headerBytes &&
      this.#epochAt + timeAfterEpoch + 8 <= this.headerBytes &&
      this.#checksumAt >= hashBeforeChecksum;
    return isConsistent || this.#break(at);
  }

  #break(at: number): false {
    this.at = at;
    this.broken = true;
    this.#next = this.#end;
    return false;
  }

  /** The encoded batch. */
  get batch(): Uint8Array {
    return this.#bytes.subarray(this.batchAt, this.batchAt + this.batchBytes);
  }

  /** Returns the batch in the form for readers of the journal. Its bytes are views of the group. */
  read(): JournalBatch {
    const at = this.batchAt;
    const behaviourAt = at + this.#epochAt + timeAfterEpoch + 8;
    const { epoch, number, timeMs, count } = this;
    const previousHash =
      number > 1 ? this.#bytes.subarray(this.hashAt, this.hashAt + hashBytes) : this.#bytes.subarray(0, 0);
    return {
      number,
      epoch,
      timeMs,
      behaviour: readBehaviour(this.#bytes, behaviourAt),
      // A seal flag follows the checksum, which is otherwise the last field of a header.
      seal: this.#checksumAt + 4 < this.headerBytes,
      previousHash,
      records: this.#bytes.subarray(this.recordsAt, at + this.batchBytes),
      count,
    };
  }

  get epoch(): number {
    return this.#view.getFloat64(this.batchAt + this.#epochAt, true);
  }

  get number(): number {
    return this.#view.getFloat64(this.batchAt + this.#epochAt + numberAfterEpoch, true);
  }

  get timeMs(): number {
    return this.#view.getFloat64(this.batchAt + this.#epochAt + timeAfterEpoch, true);
  }

  /** Place of the hash of the batch before. Only in batches after the first. */
  get hashAt(): number {
    return this.batchAt + this.#checksumAt - hashBeforeChecksum;
  }

  get recordsAt(): number {
    return this.batchAt + this.headerBytes;
  }

  get checksum(): number {
    return this.#view.getUint32(this.batchAt + this.#checksumAt, true);
  }

  set checksum(value: number) {
    this.#view.setUint32(this.batchAt + this.#checksumAt, value, true);
  }

  /** Computes the expected checksum. */
  sumOfRecords(): number {
    return crc32(this.#bytes, this.recordsAt, this.batchAt + this.batchBytes);
  }

  /** Adds the places and the batch's header to the group's checksum. */
  sumOfHead(before: number): number {
    return crc32(this.#bytes, this.at, this.recordsAt, before);
  }
}
