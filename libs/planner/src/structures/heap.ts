/** A heap by key: the smallest first. Equal keys in their order of insertion. */
export class Heap {
  readonly #keys: number[] = [];
  readonly #numbers: number[] = [];
  readonly #values: number[] = [];
  #count = 0;

  get size(): number {
    return this.#values.length;
  }

  /** The smallest key. `Infinity` if empty. */
  get leastKey(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, value: number): void {
    let at = this.#values.length;
    const number = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#keys[parent] ?? 0) <= key) break;
      this.#write(at, this.#keys[parent] ?? 0, this.#numbers[parent] ?? 0, this.#values[parent] ?? 0);
      at = parent;
    }
    this.#write(at, key, number, value);
  }

  pop(): number | undefined {
    const value = this.#values[0];
    const key = this.#keys.pop();
    const number = this.#numbers.pop();
    const last = this.#values.pop();
    if (this.#values.length > 0 && key !== undefined && number !== undefined && last !== undefined)
      this.#sink(key, number, last);
    return value;
  }

  #sink(key: number, number: number, value: number): void {
    const size = this.#values.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(child + 1, this.#keys[child] ?? 0, this.#numbers[child] ?? 0))
        child++;
      if (!this.#before(child, key, number)) break;
      this.#write(at, this.#keys[child] ?? 0, this.#numbers[child] ?? 0, this.#values[child] ?? 0);
      at = child;
    }
    this.#write(at, key, number, value);
  }

  #before(at: number, key: number, number: number): boolean {
    const own = this.#keys[at] ?? 0;
    return own < key || (own === key && (this.#numbers[at] ?? 0) < number);
  }

  #write(at: number, key: number, number: number, value: number): void {
    this.#keys[at] = key;
    this.#numbers[at] = number;
    this.#values[at] = value;
  }
}
