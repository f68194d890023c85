/** A map that holds at most so many entries, and forgets those that were not asked for longest. */
export class Recent<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Without its counting as asked for. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  take(key: string, make: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The order of a map is that of insertion.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const made = make();
    this.#entries.set(key, made);
    if (this.#entries.size > this.#sizeMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return made;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
