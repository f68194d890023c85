/** What a watcher was shown of many things, so that the same is not shown twice. */
export class Shown<Item> {
  readonly #shown = new Map<string, Uint8Array>();
  readonly #nameOf: (item: Item) => string;
  readonly #encode: (item: Item) => Uint8Array;
  #there = new Set<string>();

  constructor(nameOf: (item: Item) => string, encode: (item: Item) => Uint8Array) {
    this.#nameOf = nameOf;
    this.#encode = encode;
  }

  /** Returns whether it is new or other than it was. From now on it is shown. */
  isOther(item: Item): boolean {
    const name = this.#nameOf(item);
    this.#there.add(name);
    const now = this.#encode(item);
    const before = this.#shown.get(name);
    if (before !== undefined && Buffer.compare(before, now) === 0) return false;
    this.#shown.set(name, now);
    return true;
  }

  /** It was shown as it is here, on an earlier stream. */
  know(item: Item): void {
    this.#shown.set(this.#nameOf(item), this.#encode(item));
  }

  /** Forgets all of it. */
  clear(): void {
    this.#shown.clear();
    this.#there = new Set();
  }

  /** Names of what was shown, and was not there when everything was looked at since this was asked last. */
  takeRemoved(): string[] {
    const removed = [...this.#shown.keys()].filter((name) => !this.#there.has(name));
    for (const name of removed) this.#shown.delete(name);
    this.#there = new Set();
    return removed;
  }
}
