/**
 * The offers of waiting tasks, as the bytes in which they arrived: decoded they take four times as much
 * memory.
 *
 * 1. The kept bytes are at most twice the bytes of waiting offers, and some slack. When most offers of a
 *    request have left, the rest is copied together. That reads all tasks, but only after at least as many
 *    have left.
 * 2. No byte is written twice: views of offers stay valid wherever they are used.
 */
import type { EncodedOffer } from "@tutti/contracts/wire";

const slabBytes = 65_536;
/**
 * Waiting offers of smaller requests are copied together: a separate buffer for each takes more than its
 * content.
 */
const requestBytesMin = 4_096;
const slackBytes = 16_777_216;

/** A task whose offer can be moved to another slab. */
interface Movable {
  moveOffer(): void;
}

/** Bytes that contain several offers. */
export class OfferSlab {
  readonly bytes: Uint8Array;
  /** True if the buffer is too large: tasks that wait at the end of the turn are moved out of it. */
  readonly isLoose: boolean;
  /** Number of bytes that belong to waiting tasks. */
  used = 0;
  /** Start of the offer that was added last. */
  lastStart = 0;
  readonly #store: OfferStore;

  constructor(bytes: Uint8Array, isLoose: boolean, store: OfferStore) {
    this.bytes = bytes;
    this.isLoose = isLoose;
    this.#store = store;
  }

  get isSparse(): boolean {
    return this.isLoose || this.used * 2 < this.bytes.length;
  }

  add(start: number, length: number): this {
    this.lastStart = start;
    if (this.used === 0) this.#store.retainedBytes += this.bytes.length;
    this.used += length;
    this.#store.usedBytes += length;
    return this;
  }

  /** Frees the bytes of an offer that is not needed in this form any more. */
  free(length: number): void {
    this.used -= length;
    this.#store.usedBytes -= length;
    if (this.used === 0) this.#store.retainedBytes -= this.bytes.length;
  }
}

export class OfferStore {
  retainedBytes = 0;
  usedBytes = 0;
  /** The request that was accepted last. */
  #request: OfferSlab | undefined = undefined;
  /** Tasks in loose slabs. */
  #loose: Movable[] = [];
  /** The buffer for single offers, and its fill level. */
  #slab = new OfferSlab(new Uint8Array(0), false, this);
  #slabAt = 0;

  /** Stores an offer and returns the slab that contains it. */
  add({ bytes, start, end }: EncodedOffer, task: Movable): OfferSlab {
    let request = this.#request;
    if (request?.bytes !== bytes) {
      // A small part of a large buffer would keep the whole buffer in memory.
      const isLoose = bytes.length < requestBytesMin || bytes.length * 2 < bytes.buffer.byteLength;
      request = new OfferSlab(bytes, isLoose, this);
      this.#request = request;
    }
    if (request.isLoose) this.#loose.push(task);
    return request.add(start, end - start);
  }

  copy(bytes: Uint8Array, start: number, end: number): OfferSlab {
    const length = end - start;
    const piece = bytes.subarray(start, end);
    if (length > slabBytes / 4) return new OfferSlab(Uint8Array.from(piece), false, this).add(0, length);
    if (this.#slabAt + length > this.#slab.bytes.length) {
      this.#slab = new OfferSlab(new Uint8Array(slabBytes), false, this);
      this.#slabAt = 0;
    }
    this.#slab.bytes.set(piece, this.#slabAt);
    this.#slabAt += length;
    return this.#slab.add(this.#slabAt - length, length);
  }

  /** Moves the offers of waiting tasks to slabs without unused memory. */
  tidy(tasks: { values(): Iterable<Movable> }): void {
    this.#request = undefined;
    if (this.#loose.length > 0) {
      for (const task of this.#loose) task.moveOffer();
      this.#loose = [];
    }
    if (this.retainedBytes > 2 * this.usedBytes + slackBytes)
      for (const task of tasks.values()) task.moveOffer();
  }
}
