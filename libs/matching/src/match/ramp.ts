/**
 * How a pool starts again after a pause: so many per time, until it starts as many as it can. One number says where it
 * stands, the moment up to which everything that started is paid for.
 */
import type { SlowStart } from "../api/pool.ts";

export class Ramp {
  readonly #start: SlowStart;
  #paidMs = 0;

  constructor(start: SlowStart) {
    this.#start = start;
  }

  get start(): SlowStart {
    return this.#start;
  }

  isOverAt(nowMs: number): boolean {
    return nowMs >= this.#start.untilMs;
  }

  /** Returns how many may start now. */
  roomAt(nowMs: number): number {
    if (this.isOverAt(nowMs)) return Number.POSITIVE_INFINITY;
    const ahead = Math.max(0, this.#paidMs - nowMs);
    // A hair is nothing: sums of parts are not exact.
    return Math.max(0, Math.floor(this.#burst - ahead / this.#partMs + 1e-6));
  }

  took(count: number, nowMs: number): void {
    this.#paidMs = Math.max(nowMs, this.#paidMs) + count * this.#partMs;
  }

  /** When the next one may start. */
  get dueMs(): number {
    return Math.min(this.#start.untilMs, this.#paidMs - (this.#burst - 1) * this.#partMs);
  }

  get #partMs(): number {
    const { count, perMs } = this.#start.rate;
    return perMs / count;
  }

  get #burst(): number {
    const { count, burst } = this.#start.rate;
    return Math.max(1, burst > 0 ? burst : count);
  }
}
