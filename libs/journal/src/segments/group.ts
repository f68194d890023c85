import { copyBytes } from "../batch/copy.ts";
import type { HeaderEncoder, HeaderFields } from "../batch/header.ts";
import type { AppendOutcome } from "../port.ts";
import { writeFrameHead } from "./frames.ts";
import { blockBytes, frameHeaderBytes, groupHeaderBytes, viewOf } from "./layout.ts";

/** A batch that waits for its group to become durable. */
export interface Waiting {
  /** Index of the partition in the table. */
  readonly partition: number;
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  readonly settle: (outcome: AppendOutcome) => void;
  /** Place and length in the group. */
  from: number;
  bytes: number;
}

/**
 * A group that is being filled, and then written: frames in memory that may be shared with another thread, and the
 * waiting appends. Batches are encoded straight into it. Nothing else is allocated for them.
 *
 * 1. While a group is under way its bytes belong to the writer.
 */
export class GroupBuffer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #length = groupHeaderBytes;
  #waiting: Waiting[] = [];

  constructor(memory: ArrayBufferLike) {
    this.bytes = new Uint8Array(memory);
    this.#view = viewOf(this.bytes);
  }

  /** Returns the memory that a group needs, so that a largest batch fits into one that is half full. */
  static bytesFor(batchBytesMax: number): number {
    const perBatch = batchBytesMax + blockBytes;
    return Math.ceil((2 * perBatch) / blockBytes) * blockBytes;
  }

  /** Length from the room for the header to the end of the last frame. */
  get length(): number {
    return this.#length;
  }

  get batches(): number {
    return this.#waiting.length;
  }

  /** Returns whether `recordBytes` of records fit in. A block is reserved for the head of the frame. */
  fits(recordBytes: number): boolean {
    return this.#length + recordBytes + blockBytes <= this.bytes.length;
  }

  add(
    encoder: HeaderEncoder,
    fields: HeaderFields,
    records: Uint8Array,
    count: number,
    waiting: Waiting,
  ): void {
    const at = this.#length;
    const batchAt = at + frameHeaderBytes;
    const { headerBytes, checksumAt, epochAt } = encoder.write(this.bytes, this.#view, batchAt, fields);
    const batchBytes = headerBytes + records.length;
    writeFrameHead(this.#view, at, {
      batchBytes,
      count,
      partition: waiting.partition,
      headerBytes,
      checksumAt,
      epochAt,
    });
    copyBytes(records, this.bytes, batchAt + headerBytes);
    this.#length = batchAt + batchBytes;
    waiting.from = batchAt;
    waiting.bytes = batchBytes;
    this.#waiting.push(waiting);
  }

  /** Empties it, and returns the waiting appends. */
  drain(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#length = groupHeaderBytes;
    return waiting;
  }
}
