interface Under<Value> {
  readonly recent: Recent<Value>;
  readonly copy: (value: Value) => Value;
}

/** A map that holds at most so many entries, and forgets those that were not asked for longest. */
export class Recent<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #sizeMax: number;
  /** The source of kinds that are not here. It stays as it is: they are copied from it. */
  readonly #under: Under<Value> | undefined;

  constructor(sizeMax: number, under?: Under<Value>) {
    this.#sizeMax = sizeMax;
    this.#under = under;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Without its counting as asked for. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key) ?? this.#under?.recent.peek(key);
  }

  /** Another one on top of it. */
  fork(copy: (value: Value) => Value): Recent<Value> {
    return new Recent(this.#sizeMax, { recent: this, copy });
  }

  take(key: string, make: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The order of a map is that of insertion.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const made = this.#below(key) ?? make();
    this.#entries.set(key, made);
    if (this.#entries.size > this.#sizeMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return made;
  }

  #below(key: string): Value | undefined {
    const below = this.#under?.recent.peek(key);
    return below === undefined ? undefined : this.#under?.copy(below);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
