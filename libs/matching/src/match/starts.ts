/** The rate at which a pool assigns tasks, over the last minute, and the limit while it starts slowly. */
import type { SlowStart } from "../api/pool.ts";
import { Pace } from "./pace.ts";

export class Starts {
  readonly #pace = new Pace();
  /** The slow start after a pause. Undefined while the pool assigns without that limit. */
  ramp: Ramp | undefined = undefined;

  startSlowly(start: SlowStart | undefined): void {
    this.ramp = start && new Ramp(start);
  }

  roomAt(nowMs: number): number {
    return this.ramp?.roomAt(nowMs) ?? Number.POSITIVE_INFINITY;
  }

  /** Counts assignments against the slow start, and ends it when its time is over. */
  takeFromRamp(count: number, nowMs: number): void {
    if (this.ramp === undefined) return;
    this.ramp.consume(count, nowMs);
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
 * The slow start of a pool after a pause: a limited rate until a time. One number is its state: the time up
 * to which all starts are paid for.
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
    // Tolerance: sums of parts are not exact.
    return Math.max(0, Math.floor(this.#burst - ahead / this.#partMs + 1e-6));
  }

  consume(count: number, nowMs: number): void {
    this.#paidMs = Math.max(nowMs, this.#paidMs) + count * this.#partMs;
  }

  /** When the next task may start. */
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
