/** A bound on how much runs at the same time for one key, such as the address of a client. */
export class KeyedSlots {
  readonly #max: number;
  readonly #used = new Map<string, number>();

  /** @param max slots of each key */
  constructor(max: number) {
    this.#max = max;
  }

  /** Runs the work in a slot of the key. Undefined if the key has no free slot. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> | undefined {
    const used = this.#used.get(key) ?? 0;
    if (used >= this.#max) return undefined;
    this.#used.set(key, used + 1);
    return work().finally(() => {
      const remaining = (this.#used.get(key) ?? 1) - 1;
      if (remaining > 0) this.#used.set(key, remaining);
      else this.#used.delete(key);
    });
  }
}
