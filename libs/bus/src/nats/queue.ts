/** First in, first out, at constant cost for any length. */
export class Queue<T> {
  #items: T[] = [];
  #shifted = 0;

  get first(): T | undefined {
    return this.#items[this.#shifted];
  }

  get size(): number {
    return this.#items.length - this.#shifted;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const first = this.#items[this.#shifted];
    if (this.#shifted < this.#items.length) this.#shifted++;
    // The cost of removing is proportional to the rest: if it is rare, the cost per item is negligible.
    if (this.#shifted > 1_024 && this.#shifted * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#shifted);
      this.#shifted = 0;
    }
    return first;
  }

  /** Puts items before all others. */
  unshift(items: readonly T[]): void {
    if (items.length === 0) return;
    this.#items = [...items, ...this.#items.slice(this.#shifted)];
    this.#shifted = 0;
  }
}
