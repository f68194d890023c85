/**
 * Who waits for a limit, and who is next.
 *
 * 1. Shares take turns by what they have had: the one that has had the least, by its weight, is next. One that comes,
 *    or comes back, starts where the others stand, so that no share saves up turns by staying away. A share that leaves
 *    with more than its part is remembered until the others have caught up.
 * 2. Within a share the more urgent are in front, by a head start. One of priority 5 takes the place of one
 *    of priority 0 that came five minutes earlier. So every waiter gets to the front in the end, and no place
 *    ever has to be computed again.
 * 3. Joining, leaving and being granted cost the logarithm of how many wait.
 */
import type { LimitHolder } from "@tutti/contracts/workflow/v1";
import { ageingMs } from "../limits.ts";
import { Heap } from "./heap.ts";

export interface Waiter {
  readonly ticket: number;
  readonly holder: LimitHolder;
  readonly weight: number;
  readonly priority: number;
  readonly share: string;
  readonly beginMs: number;
  /** 0 where there is none. */
  readonly deadlineMs: number;
  readonly leaseMs: number;
}

export interface Share {
  readonly name: string;
  weight: number;
  /** What it has had, by its weight. */
  passed: number;
  readonly waiters: Heap<Waiter>;
}

function rankOf({ beginMs, priority }: Waiter): number {
  return beginMs - priority * ageingMs;
}

function isEarlier(one: Waiter, other: Waiter): boolean {
  const difference = rankOf(one) - rankOf(other);
  return difference < 0 || (difference === 0 && one.ticket < other.ticket);
}

function isPoorer(one: Share, other: Share): boolean {
  return one.passed < other.passed || (one.passed === other.passed && one.name < other.name);
}

export class Line {
  readonly #waiters = new Map<number, Waiter>();
  readonly #shares = new Map<string, Share>();
  readonly #turns = new Heap<Share>(isPoorer);
  readonly #deadlines = new Heap<Waiter>((one, other) => one.deadlineMs < other.deadlineMs);
  #passed = 0;

  get size(): number {
    return this.#waiters.size;
  }

  /** How far the share has come that has had the least: there others start. */
  get passed(): number {
    return this.#passed;
  }

  /** All that wait, the oldest first. */
  get waiters(): ReadonlyMap<number, Waiter> {
    return this.#waiters;
  }

  /** By name. */
  get shares(): readonly Share[] {
    return [...this.#shares.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  get shareCount(): number {
    return this.#shares.size;
  }

  hasShare(name: string): boolean {
    return this.#shares.has(name);
  }

  get oldest(): Waiter | undefined {
    return this.#waiters.values().next().value;
  }

  /** Who gets the limit next. */
  get head(): Waiter | undefined {
    return this.#turns.first?.waiters.first;
  }

  /** Whose deadline is next. */
  get firstDeadline(): Waiter | undefined {
    return this.#deadlines.first;
  }

  join(waiter: Waiter, shareWeight: number): void {
    const share = this.#shares.get(waiter.share) ?? this.#newShare(waiter.share);
    share.weight = shareWeight;
    share.waiters.add(waiter);
    this.#waiters.set(waiter.ticket, waiter);
    if (waiter.deadlineMs > 0) this.#deadlines.add(waiter);
    this.#forgetIdle();
  }

  leave(waiter: Waiter): void {
    this.#take(waiter);
    this.#forgetIdle();
  }

  /** A waiter gets the limit, and its share has had its turn. */
  grant(waiter: Waiter): void {
    const share = this.#take(waiter);
    share.passed += waiter.weight / share.weight;
    this.#turns.move(share);
    this.#forgetIdle();
  }

  /** As it was kept: shares, then those that wait. */
  restore(passed: number, shares: readonly Omit<Share, "waiters">[], waiters: readonly Waiter[]): void {
    this.#passed = passed;
    for (const { name, weight, passed: own } of shares) {
      const share: Share = { name, weight, passed: own, waiters: new Heap(isEarlier) };
      this.#shares.set(name, share);
      this.#turns.add(share);
    }
    for (const waiter of waiters) {
      this.#waiters.set(waiter.ticket, waiter);
      this.#shares.get(waiter.share)?.waiters.add(waiter);
      if (waiter.deadlineMs > 0) this.#deadlines.add(waiter);
    }
  }

  /** Those that wait in the order in which they get the limit as things stand. For pages: it sorts all of them. */
  *inOrder(): Generator<Waiter> {
    const turns = new Heap<Share>(isPoorer);
    for (const { name, weight, passed, waiters } of this.#shares.values()) {
      const copy = new Heap<Waiter>(isEarlier);
      for (const waiter of waiters.items) copy.add(waiter);
      if (copy.size > 0) turns.add({ name, weight, passed, waiters: copy });
    }
    for (let share = turns.first; share !== undefined; share = turns.first) {
      const waiter = share.waiters.first;
      if (waiter === undefined) {
        turns.remove(share);
        continue;
      }
      share.waiters.remove(waiter);
      share.passed += waiter.weight / share.weight;
      turns.move(share);
      yield waiter;
    }
  }

  #newShare(name: string): Share {
    const share: Share = { name, weight: 1, passed: this.#passed, waiters: new Heap(isEarlier) };
    this.#shares.set(name, share);
    this.#turns.add(share);
    return share;
  }

  #take(waiter: Waiter): Share {
    const share = this.#shares.get(waiter.share) ?? this.#newShare(waiter.share);
    share.waiters.remove(waiter);
    this.#waiters.delete(waiter.ticket);
    this.#deadlines.remove(waiter);
    return share;
  }

  /**
   * A share without waiters is forgotten when all others have had as much, so that the first one always has a head.
   * Others start where that one stands.
   */
  #forgetIdle(): void {
    if (this.#waiters.size === 0) {
      for (const share of this.#shares.values()) this.#turns.remove(share);
      this.#shares.clear();
      this.#passed = 0;
      return;
    }
    for (let share = this.#turns.first; share !== undefined; share = this.#turns.first) {
      this.#passed = Math.max(this.#passed, share.passed);
      if (share.waiters.size > 0) return;
      this.#turns.remove(share);
      this.#shares.delete(share.name);
    }
  }
}
