/**
 * The pending events of a live subscription: the newest events, up to a number. A late reader finds the oldest dropped,
 * and gets their count.
 */
import type { Handout } from "./dispatcher.ts";

export class LiveQueue {
  readonly #most: number;
  /** A ring: `#count` handouts from `#first` on. */
  readonly #ring: (Handout | undefined)[];
  #first = 0;
  #count = 0;
  #leftOut = 0;

  constructor(most: number) {
    this.#most = most;
    this.#ring = [];
  }

  get size(): number {
    return this.#count;
  }

  get room(): number {
    return this.#most - this.#count;
  }

  /** Returns false if the oldest had to make room. */
  push(handout: Handout): boolean {
    const full = this.#count === this.#most;
    if (full) {
      this.#first = (this.#first + 1) % this.#most;
      this.#count--;
      this.#leftOut++;
    }
    this.#ring[(this.#first + this.#count) % this.#most] = handout;
    this.#count++;
    return !full;
  }

  /** Returns how many were dropped before the next one of `shift`, and resets the count. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }

  shift(): Handout | undefined {
    if (this.#count === 0) return undefined;
    const handout = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#most;
    this.#count--;
    return handout;
  }
}
