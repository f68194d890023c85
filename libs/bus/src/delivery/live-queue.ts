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
  #dropped = 0;

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
      this.#dropped++;
    }
    this.#ring[(this.#first + this.#count) % this.#most] = handout;
    this.#count++;
    return !full;
  }

  /** Returns how many were dropped before the next one of `shift`, and resets the count. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
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
