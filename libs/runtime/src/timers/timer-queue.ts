/**
 * Timers in the order in which they are due. One that is cleared is gone at once: most timers are timeouts that never
 * expire, and leaving them in would keep a million dead ones.
 *
 * 1. The earliest is at the front. Among equals the one that was set first.
 * 2. An entry is in one queue at most, and `place` says where.
 */
import { Heap, type Ranked } from "@tutti/kernel";

/** Its rank is when it is due. */
export type TimerEntry = Ranked;

export class TimerQueue<Entry extends TimerEntry> {
  readonly #heap = new Heap<Entry>();
  #orders = 0;

  get size(): number {
    return this.#heap.size;
  }

  /** When the first is due. Infinity without one. */
  get nextDueMs(): number {
    return this.#heap.first?.rank ?? Number.POSITIVE_INFINITY;
  }

  /** Adds the entry, or moves it when it is there. */
  set(entry: Entry, dueMs: number): void {
    entry.rank = dueMs;
    entry.order = this.#orders++;
    if (entry.place < 0) this.#heap.add(entry);
    else this.#heap.move(entry);
  }

  /** Nothing when it is not there. */
  remove(entry: Entry): void {
    if (entry.place >= 0) this.#heap.remove(entry);
  }

  /** Takes out the first if it is due by then. */
  takeDue(nowMs: number): Entry | undefined {
    const { first } = this.#heap;
    if (first === undefined || first.rank > nowMs) return undefined;
    this.#heap.remove(first);
    return first;
  }

  clear(): void {
    this.#heap.clear();
  }
}
