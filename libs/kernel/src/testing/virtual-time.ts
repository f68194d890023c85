/**
 * Time that stands still until a test moves it: clock and timers in one, so that code under test can be led
 * through hours in a millisecond.
 *
 * 1. Callbacks run in the order in which they are due, equal ones in the order of their requests.
 * 2. While a callback runs, the clock shows the moment it was due, never a later one.
 * 3. A callback that is requested within the advance and due in it runs in the same advance.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Timer, Timers } from "../ports/timers.ts";

interface Pending {
  readonly dueMs: number;
  readonly number: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** 2026-01-01T00:00:00Z. */
const defaultEpochMs = 1_767_225_600_000;
/** Maximum callbacks per advance: more mean timers that multiply without time passing. */
const callbacksMax = 10_000_000;

export class VirtualTime implements Clock, Timers {
  #epochMs: number;
  #elapsedMs = 0;
  #numbers = 0;
  #live = 0;
  /** Latest first, so that the next one is popped from the end. */
  readonly #pending: Pending[] = [];

  /** @param epochMs value of `now()` at the start. Default: 2026-01-01T00:00:00Z. */
  constructor(epochMs: number = defaultEpochMs) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  /** Starts at 0. */
  monotonic(): number {
    return this.#elapsedMs;
  }

  /** Number of waiting callbacks. */
  get pending(): number {
    return this.#live;
  }

  /** Time of the next callback on the monotonic clock. Undefined if there is none. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    if (Number.isNaN(delayMs)) throw new RangeError("expected a delay in milliseconds, got NaN");
    return this.#add(this.#elapsedMs + Math.max(0, delayMs), callback);
  }

  every(periodMs: number, callback: () => void): Timer {
    if (!(periodMs > 0)) throw new RangeError(`expected a period above 0 ms, got ${periodMs}`);
    let cancelled = false;
    let timer: Timer;
    const fire = (): void => {
      callback();
      if (!cancelled) timer = this.after(periodMs, fire);
    };
    timer = this.after(periodMs, fire);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Advances time and runs due callbacks, without letting promises continue in between. */
  advance(byMs: number): void {
    const endMs = this.#elapsedMs + byMs;
    for (let count = 0; this.#fireNext(endMs); count++) refuseRunaway(count);
    this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
  }

  /** Advances time. Before, between and after the callbacks, all promises that can continue do so. */
  async advanceAsync(byMs: number): Promise<void> {
    const endMs = this.#elapsedMs + byMs;
    await this.flush();
    for (let count = 0; this.#fireNext(endMs); count++) {
      refuseRunaway(count);
      await this.flush();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
    await this.flush();
  }

  /**
   * Moves time to the next callback and runs the callbacks that are due then. Immediate requests of those run with the
   * next move, after the promises that can continue. Returns false without a callback that will be due.
   */
  advanceToNext(): boolean {
    const dueMs = this.nextDueMs;
    if (dueMs === undefined || dueMs === Number.POSITIVE_INFINITY) return false;
    const numbers = this.#numbers;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.number >= numbers || !this.#fireNext(dueMs)) break;
    }
    return true;
  }

  /** Lets all promises continue as far as they can without time passing. */
  async flush(): Promise<void> {
    await nextTurn();
  }

  /** Advances time, from callback to callback, until the promise is settled, and returns its outcome. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.flush();
    for (let count = 0; !settled; count++) {
      refuseRunaway(count);
      if (!this.#fireNext(Number.POSITIVE_INFINITY)) {
        throw new Error("the promise waits for something other than time: no timer is pending");
      }
      await this.flush();
    }
    return promise;
  }

  /** Sets the wall clock forward or back, as an administrator would. The monotonic clock does not notice. */
  jumpWallClock(byMs: number): void {
    this.#epochMs += byMs;
  }

  /** Passes time in which nothing runs, as while the process is suspended. Due callbacks run with the next move. */
  suspend(forMs: number): void {
    this.#elapsedMs += forMs;
  }

  #add(dueMs: number, callback: () => void): Timer {
    const entry: Pending = { dueMs, number: this.#numbers++, callback, cancelled: false };
    // A new entry is the latest among equal ones, so it goes before the first that is not later.
    let low = 0;
    let high = this.#pending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#pending[middle];
      if (other !== undefined && other.dueMs > dueMs) low = middle + 1;
      else high = middle;
    }
    this.#pending.splice(low, 0, entry);
    this.#live++;
    return {
      cancel: () => {
        if (entry.cancelled) return;
        entry.cancelled = true;
        this.#live--;
      },
    };
  }

  #next(): Pending | undefined {
    while (this.#pending.at(-1)?.cancelled) this.#pending.pop();
    return this.#pending.at(-1);
  }

  #fireNext(endMs: number): boolean {
    const next = this.#next();
    if (next === undefined || next.dueMs > endMs) return false;
    this.#pending.pop();
    this.#live--;
    next.cancelled = true;
    this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
    next.callback();
    return true;
  }
}

function refuseRunaway(count: number): void {
  if (count >= callbacksMax) throw new Error(`more than ${callbacksMax} callbacks in one advance`);
}
