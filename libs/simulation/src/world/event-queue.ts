/** A scheduled event. */
export interface Scheduled {
  readonly dueMs: number;
  /** Events at the same time run in the order of their scheduling. */
  readonly number: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Scheduled events, the earliest first: a binary heap. */
export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #numbers = 0;

  get length(): number {
    return this.#heap.length;
  }

  add(dueMs: number, run: () => void): Scheduled {
    const entry: Scheduled = { dueMs, number: this.#numbers++, run, cancelled: false };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
    return entry;
  }

  /** Returns the next event that was not cancelled. It stays in the queue. */
  peek(): Scheduled | undefined {
    while (this.#heap[0]?.cancelled) this.#removeFirst();
    return this.#heap[0];
  }

  dequeue(): Scheduled | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const one = heap[left];
      const other = heap[left + 1];
      if (one === undefined) break;
      const isOther = other !== undefined && isBefore(other, one);
      const smaller = isOther ? other : one;
      if (isBefore(last, smaller)) break;
      heap[at] = smaller;
      at = isOther ? left + 1 : left;
    }
    heap[at] = last;
  }
}

function isBefore(one: Scheduled, other: Scheduled): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.number < other.number);
}
