interface Under<Value> {
  readonly recent: Recent<Value>;
  readonly copy: (value: Value) => Value;
}

/** A map with a maximum number of entries. It forgets the least recently used ones. */
export class Recent<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #sizeMax: number;
  /** The source of missing kinds. They are copied, and the source does not change. */
  readonly #under: Under<Value> | undefined;

  constructor(sizeMax: number, under?: Under<Value>) {
    this.#sizeMax = sizeMax;
    this.#under = under;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reads an entry without counting as a use. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key) ?? this.#under?.recent.peek(key);
  }

  /** Returns a map on top of this one. */
  fork(copy: (value: Value) => Value): Recent<Value> {
    return new Recent(this.#sizeMax, { recent: this, copy });
  }

  getOrCreate(key: string, create: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The order of a map is that of insertion.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const created = this.#below(key) ?? create();
    this.#entries.set(key, created);
    if (this.#entries.size > this.#sizeMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return created;
  }

  #below(key: string): Value | undefined {
    const below = this.#under?.recent.peek(key);
    return below === undefined ? undefined : this.#under?.copy(below);
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }
}
