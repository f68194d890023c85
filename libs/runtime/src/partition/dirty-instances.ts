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
 * 1. They are in the order of their `dirtyFrom`, which is that in which they come: the oldest is the first.
 * 2. What leaves is forgotten at once. Most instances are over before anything is kept. Held here a while longer, each
 *    of them would be moved by the garbage collector.
 */
export class DirtyInstances {
  #inOrder = new Set<Instance>();

  add(instance: Instance): void {
    const before = this.#inOrder.size;
    this.#inOrder.add(instance);
    if (this.#inOrder.size > before) return;
    // A step that was taken back had left it here, among older ones.
    this.#inOrder.delete(instance);
    this.#inOrder.add(instance);
  }

  remove(instance: Instance): void {
    this.#inOrder.delete(instance);
  }

  /** From the oldest on. They may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Instance> {
    for (const instance of this.#inOrder) {
      if (instance.dirtyFrom !== 0) yield instance;
      // A step that was taken back has left it here.
      else this.#inOrder.delete(instance);
    }
  }

  get oldest(): Instance | undefined {
    for (const instance of this) return instance;
    return undefined;
  }

  /** Those were not kept after all: each is as old as it was. */
  putBack(entries: readonly DirtyEntry[]): void {
    for (const { instance, from } of entries) {
      instance.dirtyFrom = from;
      this.#inOrder.add(instance);
    }
    this.#inOrder = new Set([...this.#inOrder].sort((one, other) => one.dirtyFrom - other.dirtyFrom));
  }
}
