/** What is to happen, in the order of its time. */
import { Heap, type Ranked } from "@tutti/kernel";

class Happening implements Ranked {
  readonly rank: number;
  readonly order: number;
  place = -1;
  readonly run: () => void;

  constructor(rank: number, order: number, run: () => void) {
    this.rank = rank;
    this.order = order;
    this.run = run;
  }
}

/** Time that passes as fast as what happens is worked off. */
export class VirtualTime {
  readonly #heap = new Heap<Happening>();
  #order = 0;
  nowMs: number;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  at(atMs: number, run: () => void): void {
    this.#heap.add(new Happening(Math.max(atMs, this.nowMs), ++this.#order, run));
  }

  /** When something happens next. Infinite if nothing does. */
  get nextMs(): number {
    return this.#heap.first?.rank ?? Number.POSITIVE_INFINITY;
  }

  /** Lets everything happen up to a time, and the time pass. Returns how much happened. */
  pass(untilMs: number): number {
    this.nowMs = Math.max(this.nowMs, untilMs);
    let happened = 0;
    for (
      let next = this.#heap.first;
      next !== undefined && next.rank <= this.nowMs;
      next = this.#heap.first
    ) {
      this.#heap.remove(next);
      next.run();
      happened++;
    }
    return happened;
  }
}
