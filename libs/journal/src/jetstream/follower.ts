/**
 * Reads the messages of a partition's stream one after the other and derives the batches. Every follower derives the
 * same batches from the same messages, and this fences replaced owners.
 *
 * 1. A seal counts if its epoch is newer than all before it. It is the next batch, without records.
 * 2. A batch counts if its epoch is that of the last seal, and all its parts are there. A message of an older epoch was
 *    on its way when its owner was replaced, and does not count.
 * 3. A seal that does not count is possible only if it was delayed until all seals before it were truncated. It may
 *    have taken the place of a batch of the owner. Later batches under way then do not follow, and do not count.
 * 4. A batch of the newest epoch that does not otherwise follow the last one (by number, hash and time) is
 *    damage. So is a message with a wrong checksum, and a message that is missing between two.
 * 5. An origin names the batch before the first one. An origin that is not the first message of its stream is damage.
 */
import { crc32 } from "../batch/crc32.ts";
import { hashOfBatch } from "../batch/hash.ts";
import { HeaderEncoder, readHeader } from "../batch/header.ts";
import type { JournalBatch, PartitionName } from "../port.ts";
import { damagedMessage } from "./damage.ts";
import { encodeBatch } from "./encode.ts";
import { type BatchPart, type Origin, readMessage, type SealMark } from "./message.ts";
import { inFlightMax } from "./protocol.ts";

/** The last derived batch. */
export interface FollowedBatch {
  readonly number: number;
  readonly timeMs: number;
  /** Undefined if the next batch is known to count and the batches before it were not read. */
  readonly hash: Uint8Array | undefined;
  /** Sequence of its last message. */
  readonly end: number;
}

/** The state at a place in the stream, which is enough to continue from there. */
export interface Followed {
  /** The last message that was read. */
  readonly sequence: number;
  readonly epoch: number;
  /** Owner of the seal of this epoch. */
  readonly owner: number;
  /** Place of that seal, if it was seen. */
  readonly sealedAt: number;
  /** Undefined until a batch was found. */
  readonly last: FollowedBatch | undefined;
  /** A batch whose first parts were read. */
  readonly gathering: Gathering | undefined;
}

/** A batch with its first and last message. */
export interface FoundBatch {
  readonly batch: JournalBatch;
  readonly from: number;
  readonly to: number;
}

export interface Gathering {
  readonly number: number;
  readonly parts: number;
  readonly from: number;
  readonly chunks: readonly Uint8Array[];
}

const noBytes = new Uint8Array(0);

/** State before the first message of a stream. */
export const initialFollowed: Followed = {
  sequence: 0,
  epoch: 0,
  owner: 0,
  sealedAt: 0,
  last: { number: 0, timeMs: 0, hash: noBytes, end: 0 },
  gathering: undefined,
};

/** Returns the state before the first part of a batch that is known to count. */
export function beforeBatch(sequence: number, number: number): Followed {
  const last = { number: number - 1, timeMs: 0, hash: undefined, end: sequence - 1 };
  return { ...initialFollowed, sequence: sequence - 1, last };
}

export class Follower {
  readonly #stream: string;
  readonly #name: PartitionName;
  readonly #encoder: HeaderEncoder;
  #sequence: number;
  #epoch: number;
  #owner: number;
  #sealedAt: number;
  #last: FollowedBatch | undefined;
  #gathering: Gathering | undefined;
  /** Up to here only the newest epoch is determined. See `startingAt`. */
  #epochOnlyUntil = 0;
  /** Up to here batches of the newest epoch may be stray, because there is a seal among them that does not count. */
  #disturbedUntil = 0;

  constructor(stream: string, name: PartitionName, from: Followed) {
    this.#stream = stream;
    this.#name = name;
    this.#encoder = new HeaderEncoder(name.service, name.partition);
    this.#sequence = from.sequence;
    this.#epoch = from.epoch;
    this.#owner = from.owner;
    this.#sealedAt = from.sealedAt;
    this.#last = from.last;
    this.#gathering = from.gathering;
  }

  /**
   * Starts anywhere. It first reads as many messages as stray ones can lie behind a seal. The newest epoch among them
   * counts for the later ones. Its first whole batch gives the next number.
   */
  static startingAt(stream: string, name: PartitionName, sequence: number): Follower {
    const follower = new Follower(stream, name, {
      ...initialFollowed,
      sequence: sequence - 1,
      last: undefined,
    });
    follower.#epochOnlyUntil = sequence - 1 + inFlightMax;
    return follower;
  }

  get followed(): Followed {
    return {
      sequence: this.#sequence,
      epoch: this.#epoch,
      owner: this.#owner,
      sealedAt: this.#sealedAt,
      last: this.#last,
      gathering: this.#gathering,
    };
  }

  /** Reads the next message. Returns the batch that it completes. */
  receive(sequence: number, message: Uint8Array): FoundBatch | undefined {
    if (sequence !== this.#sequence + 1) this.#fail(this.#sequence + 1, "the message is missing");
    const read = readMessage(message);
    if (read.kind === "damaged") throw damagedMessage(this.#stream, this.#name, sequence, read);
    this.#sequence = sequence;
    if (read.kind === "seal") return this.#seal(sequence, read);
    if (read.kind === "origin") return this.#origin(sequence, read);
    // A batch that is known to count has the current epoch.
    const isConfirmed = this.#last !== undefined && this.#last.hash === undefined && this.#epoch === 0;
    if (isConfirmed || (sequence <= this.#epochOnlyUntil && read.epoch > this.#epoch))
      this.#epoch = read.epoch;
    if (read.epoch < this.#epoch || sequence <= this.#epochOnlyUntil) return;
    if (sequence <= this.#disturbedUntil && this.#isStray(read)) return;
    if (read.epoch > this.#epoch) {
      this.#fail(sequence, `epoch ${read.epoch}, which no seal started`, read.number);
    }
    return this.#gather(sequence, read);
  }

  #origin(sequence: number, { epoch, number, timeMs, hash }: Origin): undefined {
    if (sequence !== 1) this.#fail(sequence, "an origin behind other messages", number);
    this.#epoch = epoch;
    this.#last = { number, timeMs, hash, end: sequence };
  }

  #seal(sequence: number, mark: SealMark): FoundBatch | undefined {
    // A follower that does not know all earlier messages cannot tell whether it counts.
    if (mark.epoch <= this.#epoch || this.#last === undefined) this.#disturbedUntil = sequence + inFlightMax;
    if (mark.epoch <= this.#epoch) return;
    this.#epoch = mark.epoch;
    this.#owner = mark.owner;
    this.#sealedAt = sequence;
    this.#gathering = undefined;
    const before = this.#last;
    // Without the batch before, its number is unknown. A follower that started in the middle finds the next one.
    if (before?.hash === undefined) return;
    const number = before.number + 1;
    const { epoch, behaviour } = mark;
    const timeMs = Math.max(mark.timeMs, before.timeMs);
    const fields = { epoch, number, timeMs, behaviour, seal: true };
    const hash = hashOfBatch(encodeBatch(this.#encoder, fields, before.hash, noBytes, 0));
    this.#last = { number, timeMs, hash, end: sequence };
    const batch = { ...fields, previousHash: before.hash, records: noBytes, count: 0 };
    return { batch, from: sequence, to: sequence };
  }

  #isStray({ number }: BatchPart): boolean {
    return this.#last === undefined || number > this.#last.number + 1;
  }

  #gather(sequence: number, read: BatchPart): FoundBatch | undefined {
    const { number, part, parts, bytes } = read;
    const before = part === 0 ? { number, parts, from: sequence, chunks: [] } : this.#gathering;
    if (before?.number !== number || before.chunks.length !== part || before.parts !== parts) {
      // It started before the first message that was read, or one of its parts was displaced.
      if (this.#last === undefined || sequence <= this.#disturbedUntil) return;
      return this.#fail(sequence, `part ${part} of a batch whose other parts are not before it`, number);
    }
    const { from } = before;
    const chunks = [...before.chunks, bytes];
    this.#gathering = part + 1 < parts ? { ...before, chunks } : undefined;
    if (this.#gathering !== undefined) return;
    const batchBytes = chunks.length === 1 ? bytes : Buffer.concat(chunks);
    return { batch: this.#batch(sequence, read, batchBytes), from, to: sequence };
  }

  #batch(sequence: number, { number, epoch, count }: BatchPart, batchBytes: Uint8Array): JournalBatch {
    const header = readHeader(batchBytes);
    const { service, partition } = this.#name;
    if (header?.service !== service || header.partition !== partition || header.number !== number) {
      return this.#fail(sequence, "a batch of another place", number);
    }
    const records = batchBytes.subarray(header.headerBytes);
    if (header.epoch !== epoch || header.seal || header.checksum !== crc32(records)) {
      return this.#fail(sequence, "a batch that contradicts itself", number);
    }
    const before = this.#last;
    if (before !== undefined && before.number + 1 !== number) {
      this.#fail(sequence, `batch ${number} where ${before.number + 1} belongs`, number);
    }
    if (before?.hash !== undefined && Buffer.compare(before.hash, header.previousHash) !== 0) {
      this.#fail(sequence, "a batch that follows another one than is there", number);
    }
    const { timeMs, behaviour, previousHash } = header;
    if (before !== undefined && before.timeMs > timeMs) {
      this.#fail(sequence, "a batch whose time is before that of the last one", number);
    }
    this.#last = { number, timeMs, hash: hashOfBatch(batchBytes), end: sequence };
    return { number, epoch, timeMs, behaviour, seal: false, previousHash, records, count };
  }

  #fail(sequence: number, found: string, number?: number): never {
    const batch = number === undefined ? {} : { number };
    throw damagedMessage(this.#stream, this.#name, sequence, { found, ...batch });
  }
}
