import type { Instance } from "./instance.ts";

/** An instance that is on its way to the archive. */
export interface DirtyEntry {
  readonly instance: Instance;
  /** The batch of its first record that nothing else contains. */
  readonly from: number;
}

/**
 * Instances with records that no committed snapshot contains.
 *
 * 1. They are sorted by `dirtyFrom`, which is also the order of their arrival: the oldest is the first.
 * 2. An instance that leaves is removed at once. Most instances end before anything is archived. If they stayed here
 *    for a while, the garbage collector would have to move each of them.
 */
export class DirtyInstances {
  #inOrder = new Set<Instance>();

  add(instance: Instance): void {
    const before = this.#inOrder.size;
    this.#inOrder.add(instance);
    if (this.#inOrder.size > before) return;
    // A step that was undone had left it here, among older ones.
    this.#inOrder.delete(instance);
    this.#inOrder.add(instance);
  }

  remove(instance: Instance): void {
    this.#inOrder.delete(instance);
  }

  /** Iterates from the oldest on. Entries may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Instance> {
    for (const instance of this.#inOrder) {
      if (instance.dirtyFrom !== 0) yield instance;
      // A step that was undone has left it here.
      else this.#inOrder.delete(instance);
    }
  }

  get oldest(): Instance | undefined {
    for (const instance of this) return instance;
    return undefined;
  }

  /** Restores entries that were not archived, each with its former age. */
  restore(entries: readonly DirtyEntry[]): void {
    for (const { instance, from } of entries) {
      instance.dirtyFrom = from;
      this.#inOrder.add(instance);
    }
    this.#inOrder = new Set([...this.#inOrder].sort((one, other) => one.dirtyFrom - other.dirtyFrom));
  }
}
