/**
 * The queue of a lock.
 *
 * 1. Urgent waiters get a head start. A waiter of priority 5 has the place of a waiter of priority 0 that came five
 *    minutes earlier. So every waiter gets to the front in the end, and no place is ever computed again.
 * 2. Only the first is granted: no other waiter overtakes it, even if it fits or could share with the holders.
 */
import type { LockWait } from "@tutti/contracts/session/v1";
import { Heap, type Ranked } from "@tutti/kernel";
import { ageingMs } from "../limits.ts";

function rankOf(beginMs: number, priority: number): number {
  return beginMs - priority * ageingMs;
}

interface Place extends Ranked {
  wait: LockWait;
}

export class Line {
  readonly #places = new Map<number, Place>();
  readonly #order = new Heap<Place>();

  get size(): number {
    return this.#places.size;
  }

  /** Next waiter to get the lock. */
  get head(): LockWait | undefined {
    return this.#order.first?.wait;
  }

  has(ticket: number): boolean {
    return this.#places.has(ticket);
  }

  get(ticket: number): LockWait | undefined {
    return this.#places.get(ticket)?.wait;
  }

  /** All waiters, the oldest first. */
  get waits(): readonly LockWait[] {
    return [...this.#places.values()].map(({ wait }) => wait);
  }

  /** Returns whether a new waiter would be next. */
  isAhead(beginMs: number, priority: number): boolean {
    const { first } = this.#order;
    return first === undefined || rankOf(beginMs, priority) < first.rank;
  }

  join(wait: LockWait): void {
    const rank = rankOf(wait.beginMs, wait.priority);
    const place: Place = { rank, order: wait.ticket, place: -1, wait };
    this.#places.set(wait.ticket, place);
    this.#order.add(place);
  }

  remove(ticket: number): void {
    const place = this.#places.get(ticket);
    if (place === undefined) return;
    this.#places.delete(ticket);
    this.#order.remove(place);
  }

  /** Changes a waiter, except for the fields that order it. */
  change(wait: LockWait): void {
    const place = this.#places.get(wait.ticket);
    if (place !== undefined) place.wait = wait;
  }

  /** Returns the waiters in their current order. For pages: it sorts all of them. */
  inOrder(): readonly LockWait[] {
    return [...this.#places.values()]
      .sort((one, other) => one.rank - other.rank || one.order - other.order)
      .map(({ wait }) => wait);
  }
}
