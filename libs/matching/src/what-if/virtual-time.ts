/** Future events, in the order of their times. */
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

/** Time that passes as fast as its events are handled. */
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

  /** Time of the next event. Infinite if there is none. */
  get nextMs(): number {
    return this.#heap.first?.rank ?? Number.POSITIVE_INFINITY;
  }

  /** Advances the time and runs all events up to it. Returns their number. */
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
