/** How fast a pool assigns tasks: the rate over the last minute, and how many it may assign while it starts slowly. */
import type { SlowStart } from "../api/pool.ts";
import { Pace } from "./pace.ts";
import { Ramp } from "./ramp.ts";

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
