import { Heap } from "./heap.ts";

/** The median of all values. Between two values, their mean. */
export class Median {
  /** The smaller half, negated: its largest comes first. */
  readonly #below = new Heap();
  /** The larger half. As many values as below, or one more. */
  readonly #above = new Heap();

  add(value: number): void {
    this.#below.push(-value, 0);
    move(this.#below, this.#above);
    if (this.#above.size > this.#below.size + 1) move(this.#above, this.#below);
  }

  /** 0 without values. */
  get value(): number {
    if (this.#above.size === 0) return 0;
    const above = this.#above.leastKey;
    return this.#above.size > this.#below.size ? above : (above - this.#below.leastKey) / 2;
  }
}

export function medianOf(values: Iterable<number>): number {
  const median = new Median();
  for (const value of values) median.add(value);
  return median.value;
}

function move(from: Heap, to: Heap): void {
  const key = from.leastKey;
  from.pop();
  to.push(-key, 0);
}
