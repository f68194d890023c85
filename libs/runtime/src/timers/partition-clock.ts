import type { Clock } from "@tutti/kernel";

/**
 * The time of a partition: the time in its batches and for its timers.
 *
 * 1. It never runs backwards, across restarts and owners as well: it continues from the last batch.
 * 2. It follows the wall clock when that is ahead. When the wall clock is behind (it was set back, or the owner before
 *    was ahead), time continues by the monotonic clock. "In five seconds" means five seconds.
 */
export class PartitionClock {
  readonly #clock: Clock;
  #lastMs: number;
  #monotonicMs: number;

  constructor(clock: Clock, lastBatchMs: number) {
    this.#clock = clock;
    this.#lastMs = lastBatchMs;
    this.#monotonicMs = clock.monotonic();
  }

  now(): number {
    const monotonicMs = this.#clock.monotonic();
    const passedMs = Math.max(0, Math.floor(monotonicMs - this.#monotonicMs));
    // The fraction of a millisecond is kept for the next reading, or it would be lost at each of them.
    this.#monotonicMs += passedMs;
    this.#lastMs = Math.max(Math.floor(this.#clock.now()), this.#lastMs + passedMs);
    return this.#lastMs;
  }
}
