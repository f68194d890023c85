/**
 * Reports the end of a run to its waiting callers. Most ends follow from the result of an attempt, and are
 * reported at once. Others are found by periodic reads.
 */
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

type Listener = (ending: RunEnding) => void;

export class RunEnds {
  /** Mostly a single listener, which needs no set. */
  readonly #listeners = new Map<string, Listener | Set<Listener>>();

  /** Adds a listener. Returns a function that removes it. */
  listen(key: InstanceKey, listener: Listener): () => void {
    const name = textOf(key);
    const there = this.#listeners.get(name);
    if (there === undefined) this.#listeners.set(name, listener);
    else if (typeof there === "function") this.#listeners.set(name, new Set([there, listener]));
    else there.add(listener);
    return () => this.#unlisten(name, listener);
  }

  /** Reports a durable end of a run. */
  report(namespace: string, ending: RunEnding): void {
    if (this.#listeners.size === 0) return;
    const there = this.#listeners.get(`${namespace}/run/${ending.runId}`);
    if (typeof there === "function") there(ending);
    else if (there !== undefined) for (const listener of [...there]) listener(ending);
  }

  #unlisten(name: string, listener: Listener): void {
    const there = this.#listeners.get(name);
    if (there === listener) this.#listeners.delete(name);
    else if (there instanceof Set && there.delete(listener) && there.size === 0) this.#listeners.delete(name);
  }
}
