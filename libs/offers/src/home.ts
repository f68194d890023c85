/**
 * What waits at home because a pool takes only so many at once: the most urgent first, namespaces taking turns by what they
 * have had, so that one with much to do does not hold up another with little.
 */
import { Heap } from "@tutti/kernel";
import type { OfferEntry } from "./entry.ts";

interface Share {
  readonly entries: Heap<OfferEntry>;
  /** How many of it have gone, counted as if it had always been there. */
  passed: number;
}

export class Home {
  readonly #shares = new Map<string, Share>();
  /** What the share has had that went last: who comes anew begins there. */
  #passed = 0;
  #size = 0;
  /** The share of the one namespace, while there is but one. */
  #only: Share | undefined;

  get size(): number {
    return this.#size;
  }

  /** The next to go. */
  get first(): OfferEntry | undefined {
    return this.#next()?.entries.first;
  }

  add(entry: OfferEntry): void {
    const { namespace } = entry.key;
    let share = this.#shares.get(namespace);
    if (share === undefined) {
      share = { entries: new Heap<OfferEntry>(), passed: this.#passed };
      this.#shares.set(namespace, share);
      this.#only = this.#shares.size === 1 ? share : undefined;
    }
    share.entries.add(entry);
    this.#size++;
  }

  remove(entry: OfferEntry): void {
    const share = this.#shares.get(entry.key.namespace);
    if (share === undefined || entry.place < 0) return;
    share.entries.remove(entry);
    this.#size--;
    if (share.entries.size > 0) return;
    this.#shares.delete(entry.key.namespace);
    this.#only = this.#shares.size === 1 ? this.#shares.values().next().value : undefined;
  }

  /** Its urgency has changed. */
  move(entry: OfferEntry): void {
    this.#shares.get(entry.key.namespace)?.entries.move(entry);
  }

  /** Takes the next out. */
  take(): OfferEntry | undefined {
    const share = this.#next();
    const entry = share?.entries.first;
    if (share === undefined || entry === undefined) return undefined;
    this.#passed = share.passed;
    share.passed += 1;
    this.remove(entry);
    return entry;
  }

  *entries(): Generator<OfferEntry> {
    for (const { entries } of this.#shares.values()) yield* entries.items;
  }

  /** There are few namespaces at once, so looking at each costs less than keeping them in order. */
  #next(): Share | undefined {
    if (this.#only !== undefined) return this.#only;
    let next: Share | undefined;
    for (const share of this.#shares.values())
      if (next === undefined || share.passed < next.passed) next = share;
    return next;
  }
}
