/**
 * The queue of a limit.
 *
 * 1. Shares take turns by their usage: the one with the least usage, relative to its weight, is next. A new or
 *    returning share starts at the level of the others, so that no share saves up turns while it is idle. A share that
 *    leaves with more than its part is kept until the others have caught up.
 * 2. Within a share, urgent waiters get a head start. A waiter of priority 5 has the place of a waiter of priority 0
 *    that came five minutes earlier. So every waiter gets to the front in the end, and no place is ever computed again.
 * 3. Joining, leaving and granting cost the logarithm of the number of waiters.
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
  /** 0 for none. */
  readonly deadlineMs: number;
  readonly leaseMs: number;
}

export interface Share {
  readonly name: string;
  weight: number;
  /** Usage, relative to its weight. */
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

  /** Usage of the share with the least usage: other shares start at this level. */
  get passed(): number {
    return this.#passed;
  }

  /** All waiters, the oldest first. */
  get waiters(): ReadonlyMap<number, Waiter> {
    return this.#waiters;
  }

  /** Shares by name. */
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

  /** Next waiter to get the limit. */
  get head(): Waiter | undefined {
    return this.#turns.first?.waiters.first;
  }

  /** Waiter with the next deadline. */
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

  remove(waiter: Waiter): void {
    this.#removeFromShare(waiter);
    this.#forgetIdle();
  }

  /** Grants the limit to a waiter, and counts the turn of its share. */
  grant(waiter: Waiter): void {
    const share = this.#removeFromShare(waiter);
    share.passed += waiter.weight / share.weight;
    this.#turns.move(share);
    this.#forgetIdle();
  }

  /** Restores the queue from a snapshot: shares, then waiters. */
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

  /** Returns the waiters in their current order. For pages: it sorts all of them. */
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

  #removeFromShare(waiter: Waiter): Share {
    const share = this.#shares.get(waiter.share) ?? this.#newShare(waiter.share);
    share.waiters.remove(waiter);
    this.#waiters.delete(waiter.ticket);
    this.#deadlines.remove(waiter);
    return share;
  }

  /**
   * Drops a share without waiters once no other has less usage, so that the first share always has a head.
   * New shares start at the level of the first one.
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
