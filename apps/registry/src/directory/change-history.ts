import type { Change } from "@tutti/contracts/registry/v1";

/**
 * The latest changes, so that a watcher which was away gets only what it missed.
 *
 * 1. Revisions are strictly increasing. They may have gaps, because a store may use numbers for other things.
 * 2. `after(r)` is undefined exactly when something after `r` may have been forgotten.
 */
export class ChangeHistory {
  readonly #capacity: number;
  readonly #changes: Change[] = [];
  /** Everything after this revision is remembered. */
  #rememberedAfter = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  append(change: Change): void {
    this.#changes.push(change);
    // Cut in larger pieces: shifting an array by one for each change would cost its whole length each time.
    if (this.#changes.length < this.#capacity * 2) return;
    const forgotten = this.#changes.splice(0, this.#changes.length - this.#capacity);
    this.#rememberedAfter = forgotten.at(-1)?.revision ?? this.#rememberedAfter;
  }

  /** Forgets everything up to a revision: a directory that was just loaded does not know how it came about. */
  beginAt(revision: number): void {
    this.#changes.length = 0;
    this.#rememberedAfter = revision;
  }

  /** The changes after a revision in order, or undefined when some of them are forgotten. */
  after(revision: number): readonly Change[] | undefined {
    if (revision < this.#rememberedAfter) return undefined;
    return this.#changes.slice(this.#indexAfter(revision));
  }

  #indexAfter(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
