/** How fast a pool assigns tasks: the rate over the last minute, and how many it may assign while it starts slowly. */
import type { SlowStart } from "../api/pool.ts";
import { Pace } from "./pace.ts";

export class Starts {
  readonly #pace = new Pace();
  /** The slow start after a pause. Undefined while the pool assigns as many as it can. */
  ramp: Ramp | undefined = undefined;

  startSlowly(start: SlowStart | undefined): void {
    this.ramp = start && new Ramp(start);
  }

  roomAt(nowMs: number): number {
    return this.ramp?.roomAt(nowMs) ?? Number.POSITIVE_INFINITY;
  }

  /** Counts assignments against the slow start, and ends it when its time is over. */
  tookFromRamp(count: number, nowMs: number): void {
    if (this.ramp === undefined) return;
    this.ramp.took(count, nowMs);
    if (this.ramp.isOverAt(nowMs)) this.ramp = undefined;
  }

  add(count: number, nowMs: number): void {
    if (count > 0) this.#pace.add(count, nowMs);
  }

  /** Returns the assignments per second over the last minute. */
  perSec(nowMs: number): number {
    return this.#pace.perSec(nowMs);
  }
}

/**
 * How a pool starts again after a pause: so many per time, until it starts as many as it can. One number says where it
 * stands, the moment up to which everything that started is paid for.
 */
class Ramp {
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
