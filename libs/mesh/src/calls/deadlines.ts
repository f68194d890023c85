/**
 * The deadlines of all calls in flight behind one timer. A timer for each call would cost more than the rest of an
 * in-process call. Deadlines share buckets. A bucket's time is its deadlines' rounded up.
 *
 * 1. No call expires before its deadline.
 * 2. A call expires late by at most a 64th of the time it had when it was added, and one millisecond.
 * 3. A call has one deadline at a time.
 * 4. Adding and removing take constant time for any number of calls in flight.
 */
import { assert, type Clock, type Timer, type Timers } from "@tutti/kernel";

/** An object with a deadline. The links belong to `Deadlines`. */
export interface Expiring {
  bucket: Bucket | undefined;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** Called at most once when the deadline has passed, and never after removal. */
  expire(): void;
}

export interface Bucket {
  readonly atMs: number;
  first: Expiring | undefined;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #buckets = new Map<number, Bucket>();
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** `nowMs` is the monotonic time that the caller has just read. A deadline of Infinity is never reached. */
  add(call: Expiring, deadlineMs: number, nowMs: number): void {
    assert(call.bucket === undefined, "a call has one deadline at a time");
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const grain = grainOf(deadlineMs - nowMs);
    const atMs = Math.ceil(deadlineMs / grain) * grain;
    let bucket = this.#buckets.get(atMs);
    if (bucket === undefined) {
      bucket = { atMs, first: undefined };
      this.#buckets.set(atMs, bucket);
    }
    const { first } = bucket;
    call.bucket = bucket;
    call.next = first;
    if (first !== undefined) first.previous = call;
    bucket.first = call;
    if (atMs < this.#timerAtMs) this.#arm(atMs, nowMs);
  }

  remove(call: Expiring): void {
    const { bucket, previous, next } = call;
    if (bucket === undefined) return;
    if (previous === undefined) bucket.first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.bucket = undefined;
    call.previous = undefined;
    call.next = undefined;
  }

  /** Forgets all deadlines. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#buckets.clear();
  }

  #arm(atMs: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#timers.after(Math.max(0, atMs - nowMs), this.#fire);
  }

  readonly #fire = (): void => {
    const nowMs = this.#clock.monotonic();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const bucket of this.#buckets.values()) {
      if (bucket.atMs > nowMs) {
        if (bucket.first === undefined) this.#buckets.delete(bucket.atMs);
        else if (bucket.atMs < nextMs) nextMs = bucket.atMs;
        continue;
      }
      this.#buckets.delete(bucket.atMs);
      for (let call = bucket.first; call !== undefined; call = bucket.first) {
        this.remove(call);
        call.expire();
      }
    }
    // An expired call may have started something that armed the timer.
    if (nextMs < this.#timerAtMs) this.#arm(nextMs, nowMs);
  };
}

/** Returns the largest power of two up to a 64th of the time left, at least one. */
function grainOf(remainingMs: number): number {
  if (remainingMs < 128) return 1;
  return 2 ** Math.floor(Math.log2(remainingMs / 64));
}
