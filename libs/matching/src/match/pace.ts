/** The rate of events per second, over the last minute: a ring of seconds. */
const spanSec = 60;

export class Pace {
  readonly #counts = new Float64Array(spanSec);
  #second = 0;

  add(count: number, nowMs: number): void {
    this.#turnTo(Math.floor(nowMs / 1_000));
    const at = this.#second % spanSec;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  perSec(nowMs: number): number {
    this.#turnTo(Math.floor(nowMs / 1_000));
    let sum = 0;
    for (const count of this.#counts) sum += count;
    return sum / spanSec;
  }

  #turnTo(second: number): void {
    const passed = Math.min(second - this.#second, spanSec);
    for (let step = 1; step <= passed; step++) this.#counts[(this.#second + step) % spanSec] = 0;
    // After a long time without events the ring is empty.
    if (passed === spanSec) this.#counts.fill(0);
    this.#second = Math.max(this.#second, second);
  }
}
