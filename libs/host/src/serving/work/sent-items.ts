/** The items that a watcher has received, so that none is sent twice unchanged. */
export class SentItems<Item> {
  readonly #sent = new Map<string, Uint8Array>();
  readonly #nameOf: (item: Item) => string;
  readonly #encode: (item: Item) => Uint8Array;
  #there = new Set<string>();

  constructor(nameOf: (item: Item) => string, encode: (item: Item) => Uint8Array) {
    this.#nameOf = nameOf;
    this.#encode = encode;
  }

  /** Returns whether it is new or changed, and records it as shown. */
  isOther(item: Item): boolean {
    const name = this.#nameOf(item);
    this.#there.add(name);
    const now = this.#encode(item);
    const before = this.#sent.get(name);
    if (before !== undefined && Buffer.compare(before, now) === 0) return false;
    this.#sent.set(name, now);
    return true;
  }

  /** Records an item that was shown on an earlier stream. */
  markSent(item: Item): void {
    this.#sent.set(this.#nameOf(item), this.#encode(item));
  }

  /** Forgets all of it. */
  clear(): void {
    this.#sent.clear();
    this.#there = new Set();
  }

  /** Returns the names of shown items that were not seen since the last call. */
  drainRemoved(): string[] {
    const removed = [...this.#sent.keys()].filter((name) => !this.#there.has(name));
    for (const name of removed) this.#sent.delete(name);
    this.#there = new Set();
    return removed;
  }
}
