/**
 * All timers of a pool, in any number.
 *
 * Six rings of 64 lists: those of the first are a millisecond wide, those of each further one as wide as all
 * of the ring before. A distant timer is in a wide list and moves to narrower ones as its time comes nearer.
 *
 * 1. Adding and removing cost the same at any size.
 * 2. A timer never runs early. If the wheel is checked often enough, it runs at most a millisecond after its
 *    time, or after it was set.
 * 3. `nextDueMs` is never later than the first due time. It may be earlier, if a list has to be spread.
 */
import { assert } from "@tutti/kernel";
import type { Due } from "./due.ts";

const bits = 6;
const spokes = 1 << bits;
const rings = 6;
/** A timer beyond this, two years, is set again when it expires. */
const furthestTicks = spokes ** rings - 1;

export class Wheel {
  readonly #startMs: number;
  readonly #lists: (Due | undefined)[] = new Array<Due | undefined>(rings * spokes).fill(undefined);
  /** For each ring two words with one bit per list that is not empty. */
  readonly #occupied = new Int32Array(rings * 2);
  /** Everything before this tick has run. */
  #tick = 0;
  #size = 0;
  #nextTick = -1;
  /** The list of the tick before is running. */
  #isRunning = false;

  constructor(startMs: number) {
    this.#startMs = Math.floor(startMs);
  }

  get size(): number {
    return this.#size;
  }

  get nextDueMs(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    if (this.#nextTick < 0) this.#nextTick = this.#findNext();
    return this.#startMs + this.#nextTick;
  }

  /** Sets or moves a timer. An infinite time removes it. */
  set(due: Due, dueMs: number): void {
    if (due.spoke >= 0) {
      if (due.dueMs === dueMs) return;
      this.remove(due);
    }
    if (dueMs === Number.POSITIVE_INFINITY) return;
    due.dueMs = dueMs;
    this.#size++;
    this.#insert(due);
  }

  remove(due: Due): void {
    if (due.spoke < 0) return;
    this.#unlink(due);
    this.#size--;
    due.dueMs = Number.POSITIVE_INFINITY;
    this.#nextTick = -1;
  }

  /** Runs all due timers, in the order of their times in milliseconds. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs - this.#startMs);
    while (this.#size > 0) {
      const next = this.nextDueMs - this.#startMs;
      if (next > until) break;
      this.#tick = next;
      this.#nextTick = -1;
      this.#spread(next);
      this.#runList(next & (spokes - 1), nowMs);
      this.#tick = next + 1;
      // A timer that a run has set for this same tick is in the next list.
    }
    if (this.#tick <= until) {
      this.#tick = until + 1;
      this.#nextTick = -1;
    }
  }

  #insert(due: Due): void {
    const dueTick = Math.ceil(due.dueMs - this.#startMs);
    const tick = Math.min(Math.max(dueTick, this.#tick), this.#tick + furthestTicks);
    let ring = 0;
    // In the narrowest ring whose list is not passed before the due time, and not in the list that is running.
    const first = this.#isRunning ? this.#tick - 1 : this.#tick;
    while (ring < rings - 1 && tick >= ringEnd(first, ring)) ring++;
    const spoke = ring * spokes + (Math.floor(tick / spokes ** ring) & (spokes - 1));
    const head = this.#lists[spoke];
    due.spoke = spoke;
    due.earlier = undefined;
    due.later = head;
    if (head !== undefined) head.earlier = due;
    this.#lists[spoke] = due;
    const word = spoke >> 5;
    this.#occupied[word] = (this.#occupied[word] ?? 0) | (1 << (spoke & 31));
    const startTick = Math.max(this.#tick, Math.floor(tick / spokes ** ring) * spokes ** ring);
    if (this.#nextTick >= 0 && startTick < this.#nextTick) this.#nextTick = startTick;
  }

  #unlink(due: Due): void {
    const { spoke, earlier, later } = due;
    if (earlier === undefined) this.#lists[spoke] = later;
    else earlier.later = later;
    if (later !== undefined) later.earlier = earlier;
    if (earlier === undefined && later === undefined) this.#clear(spoke);
    due.spoke = -1;
    due.earlier = undefined;
    due.later = undefined;
  }

  #clear(spoke: number): void {
    const word = spoke >> 5;
    this.#occupied[word] = (this.#occupied[word] ?? 0) & ~(1 << (spoke & 31));
  }

  /** Spreads the wide lists that start at a tick. */
  #spread(tick: number): void {
    for (let ring = rings - 1; ring > 0; ring--) {
      const width = spokes ** ring;
      if (tick % width !== 0) continue;
      const spoke = ring * spokes + (Math.floor(tick / width) & (spokes - 1));
      let due = this.#lists[spoke];
      this.#lists[spoke] = undefined;
      this.#clear(spoke);
      while (due !== undefined) {
        const { later } = due;
        this.#insert(due);
        due = later;
      }
    }
  }

  #runList(spoke: number, nowMs: number): void {
    // One by one: a run may remove other due timers, and new timers go to other lists.
    this.#tick++;
    this.#isRunning = true;
    try {
      for (let due = this.#lists[spoke]; due !== undefined; due = this.#lists[spoke]) {
        this.remove(due);
        due.run(nowMs);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #findNext(): number {
    let best = Number.POSITIVE_INFINITY;
    for (let ring = 0; ring < rings; ring++) {
      const width = spokes ** ring;
      const here = Math.floor(this.#tick / width);
      const distance = this.#distance(ring, here & (spokes - 1), this.#tick % width !== 0);
      if (distance >= 0) best = Math.min(best, (here + distance) * width);
    }
    assert(Number.isFinite(best), "something is in the wheel", { size: this.#size });
    return Math.max(best, this.#tick);
  }

  /** Returns the distance from a place to the next list that is not empty. Below 0 for none. */
  #distance(ring: number, from: number, isPassed: boolean): number {
    const low = this.#occupied[2 * ring] ?? 0;
    const high = this.#occupied[2 * ring + 1] ?? 0;
    if (low === 0 && high === 0) return -1;
    // A list of a wide ring that has started was spread: its timers belong to the next round.
    for (let step = isPassed ? 1 : 0; step <= spokes; step++) {
      const spoke = (from + step) & (spokes - 1);
      const word = spoke < 32 ? low : high;
      if ((word & (1 << (spoke & 31))) !== 0) return step;
    }
    return -1;
  }
}

/** Returns the first tick that a ring cannot hold: its list would be passed too early. */
function ringEnd(tick: number, ring: number): number {
  const width = spokes ** ring;
  return (Math.floor(tick / width) + spokes) * width;
}
