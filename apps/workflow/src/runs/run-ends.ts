/**
 * Reports the end of a run of this process to its waiting callers. Most ends follow from the result of an attempt,
 * which contains the ending. The others are read.
 */
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, textOf, turnForOthers } from "@tutti/kernel";

type Listener = (ending: RunEnding) => void;

export class RunEnds {
  readonly #read: (key: InstanceKey) => Promise<{ readonly ending: RunEnding | undefined }>;
  /** Mostly a single listener, which needs no set. */
  readonly #listeners = new Map<string, Listener | Set<Listener>>();

  /** @param read returns the ending of a run. Rejects if it is no longer in this process */
  constructor(read: (key: InstanceKey) => Promise<{ readonly ending: RunEnding | undefined }>) {
    this.#read = read;
  }

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

  /** A run has ended. Its ending is read if its listeners do not have it already. */
  async find(key: InstanceKey): Promise<void> {
    if (this.#listeners.size === 0) return;
    await turnForOthers();
    if (!this.#listeners.has(textOf(key))) return;
    // Of a run that has left, the listeners ask the next process.
    const { ending } = await this.#read(key).catch(() => ({ ending: undefined }));
    if (ending !== undefined) this.report(key.namespace, ending);
  }

  #unlisten(name: string, listener: Listener): void {
    const there = this.#listeners.get(name);
    if (there === listener) this.#listeners.delete(name);
    else if (there instanceof Set && there.delete(listener) && there.size === 0) this.#listeners.delete(name);
  }
}
