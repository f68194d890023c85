/**
 * Timers in the order in which they are due: a heap that knows where each entry is, so that one that is cleared is
 * gone at once. Most timers are timeouts that never expire; leaving them in would keep a million dead ones.
 *
 * 1. The earliest is at the front; among equals the one that was set first.
 * 2. An entry is in one queue at most, and `place` says where.
 */
export interface TimerEntry {
  dueMs: number;
  /** Order among equals. */
  rank: number;
  /** Index in the heap; -1 when it is in none. */
  place: number;
}

export class TimerQueue<Entry extends TimerEntry> {
  readonly #heap: Entry[] = [];
  #ranks = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the first is due; Infinity without one. */
  get nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Adds the entry, or moves it when it is there. */
  set(entry: Entry, dueMs: number): void {
    entry.dueMs = dueMs;
    entry.rank = this.#ranks++;
    if (entry.place < 0) {
      entry.place = this.#heap.length;
      this.#heap.push(entry);
      this.#rise(entry);
      return;
    }
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Nothing when it is not there. */
  remove(entry: Entry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    last.place = place;
    this.#heap[place] = last;
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes out the first if it is due by then. */
  takeDue(nowMs: number): Entry | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return;
    this.remove(first);
    return first;
  }

  clear(): void {
    for (const entry of this.#heap) entry.place = -1;
    this.#heap.length = 0;
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    let { place } = entry;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as Entry;
      if (!isBefore(entry, other)) break;
      heap[place] = other;
      other.place = place;
      place = above;
    }
    heap[place] = entry;
    entry.place = place;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    const { length } = heap;
    let { place } = entry;
    for (;;) {
      let below = place * 2 + 1;
      if (below >= length) break;
      if (below + 1 < length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      const other = heap[below] as Entry;
      if (!isBefore(other, entry)) break;
      heap[place] = other;
      other.place = place;
      place = below;
    }
    heap[place] = entry;
    entry.place = place;
  }
}

function isBefore(one: TimerEntry, other: TimerEntry): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.rank < other.rank);
}
