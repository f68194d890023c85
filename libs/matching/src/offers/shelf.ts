/**
 * What was offered for tasks that wait, as the bytes in which it came: decoded it takes four times as much.
 *
 * 1. The kept bytes are at most twice the bytes of waiting offers, and some slack. When most offers of a
 *    request have left, the rest is copied together. That reads all tasks, after at least as much has left.
 * 2. No byte is written twice: views of what was offered stay what they are, wherever they are.
 */
import type { EncodedOffer } from "@tutti/contracts/wire";

const slabBytes = 65_536;
/**
 * Waiting offers of smaller requests are copied together: a separate buffer for each takes more than its
 * content.
 */
const wholeBytesMin = 4_096;
const slackBytes = 16_777_216;

/** A task whose offer can be brought elsewhere. */
interface Movable {
  moveOffer(): void;
}

/** Bytes in which several offers stand. */
export class OfferSlab {
  readonly bytes: Uint8Array;
  /** Whether it takes more room than it is worth: who still waits at the end of the turn leaves it. */
  readonly isLoose: boolean;
  /** How many of its bytes are of tasks that wait. */
  used = 0;
  /** Where what was put into it last starts. */
  lastStart = 0;
  readonly #shelf: OfferShelf;

  constructor(bytes: Uint8Array, isLoose: boolean, shelf: OfferShelf) {
    this.bytes = bytes;
    this.isLoose = isLoose;
    this.#shelf = shelf;
  }

  get isSparse(): boolean {
    return this.isLoose || this.used * 2 < this.bytes.length;
  }

  put(start: number, length: number): this {
    this.lastStart = start;
    if (this.used === 0) this.#shelf.keptBytes += this.bytes.length;
    this.used += length;
    this.#shelf.usedBytes += length;
    return this;
  }

  /** An offer is not needed as bytes any more. */
  leave(length: number): void {
    this.used -= length;
    this.#shelf.usedBytes -= length;
    if (this.used === 0) this.#shelf.keptBytes -= this.bytes.length;
  }
}

export class OfferShelf {
  keptBytes = 0;
  usedBytes = 0;
  /** The request that was taken in last. */
  #request: OfferSlab | undefined = undefined;
  /** Tasks of loose parcels. */
  #loose: Movable[] = [];
  /** Where single ones are copied together, and how far it is full. */
  #slab = new OfferSlab(new Uint8Array(0), false, this);
  #slabAt = 0;

  /** Returns where it stands from now on. */
  put({ bytes, start, end }: EncodedOffer, task: Movable): OfferSlab {
    let request = this.#request;
    if (request?.bytes !== bytes) {
      // What is a small part of a large buffer would keep all of it.
      const isLoose = bytes.length < wholeBytesMin || bytes.length * 2 < bytes.buffer.byteLength;
      request = new OfferSlab(bytes, isLoose, this);
      this.#request = request;
    }
    if (request.isLoose) this.#loose.push(task);
    return request.put(start, end - start);
  }

  copy(bytes: Uint8Array, start: number, end: number): OfferSlab {
    const length = end - start;
    const piece = bytes.subarray(start, end);
    if (length > slabBytes / 4) return new OfferSlab(Uint8Array.from(piece), false, this).put(0, length);
    if (this.#slabAt + length > this.#slab.bytes.length) {
      this.#slab = new OfferSlab(new Uint8Array(slabBytes), false, this);
      this.#slabAt = 0;
    }
    this.#slab.bytes.set(piece, this.#slabAt);
    this.#slabAt += length;
    return this.#slab.put(this.#slabAt - length, length);
  }

  /** Who still waits is brought to where it takes no more room than it needs. */
  tidy(tasks: { values(): Iterable<Movable> }): void {
    this.#request = undefined;
    if (this.#loose.length > 0) {
      for (const task of this.#loose) task.moveOffer();
      this.#loose = [];
    }
    if (this.keptBytes > 2 * this.usedBytes + slackBytes) for (const task of tasks.values()) task.moveOffer();
  }
}
