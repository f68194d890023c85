/**
 * Tells those who wait for it that a run has ended. Most ends come with the result of an attempt, and are told at once; others
 * are found by looking once in a while.
 */
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

type Listener = (ending: RunEnding) => void;

export class RunEnds {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Returns how to stop listening. */
  listen(key: InstanceKey, listener: Listener): () => void {
    const name = textOf(key);
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  /** A run has ended, and that is durable. */
  tell(namespace: string, ending: RunEnding): void {
    const listeners = this.#listeners.get(`${namespace}/run/${ending.runId}`);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) listener(ending);
  }
}
