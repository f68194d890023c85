/**
 * Timers in the order in which they are due. A cleared timer is removed at once: most timers are timeouts that never
 * expire, and leaving them in would keep a million dead ones.
 *
 * 1. The earliest is at the front. Equal timers are in the order in which they were set.
 * 2. An entry is in one queue at most, and `place` says where.
 */
import { Heap, type Ranked } from "@tutti/kernel";

/** Its rank is its due time. */
export type TimerEntry = Ranked;

export class TimerQueue<Entry extends TimerEntry> {
  readonly #heap = new Heap<Entry>();
  #orders = 0;

  get size(): number {
    return this.#heap.size;
  }

  /** Time of the first timer. Infinity if there is none. */
  get nextDueMs(): number {
    return this.#heap.first?.rank ?? Number.POSITIVE_INFINITY;
  }

  /** Adds the entry, or moves an entry of the queue. */
  set(entry: Entry, dueMs: number): void {
    entry.rank = dueMs;
    entry.order = this.#orders++;
    if (entry.place < 0) this.#heap.add(entry);
    else this.#heap.move(entry);
  }

  /** Removes the entry if it is in the queue. */
  remove(entry: Entry): void {
    if (entry.place >= 0) this.#heap.remove(entry);
  }

  /** Removes and returns the first entry if it is due. */
  dequeueDue(nowMs: number): Entry | undefined {
    const { first } = this.#heap;
    if (first === undefined || first.rank > nowMs) return undefined;
    this.#heap.remove(first);
    return first;
  }

  clear(): void {
    this.#heap.clear();
  }
}
