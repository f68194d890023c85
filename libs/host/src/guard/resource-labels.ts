/**
 * Labels of the objects of calls, for rights that depend on them. Each service provides the labels of its kinds of work
 * at their owner. So the process that handles the call makes decisions by labels.
 */
import type { Labels, Timers } from "@tutti/kernel";
import type { Rule } from "@tutti/mesh";

/** Undefined if the object does not exist. Rejects with the owner if another process owns it. */
export type FindLabels = (namespace: string, id: string, signal: AbortSignal) => Promise<Labels | undefined>;

/** Maximum time to wait for an owner. */
const patienceMs = 10_000;

export const noLabels: Labels = Object.freeze({});

export class ResourceLabels {
  readonly #timers: Timers;
  readonly #finders = new Map<string, FindLabels>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  register(kind: string, find: FindLabels): void {
    this.#finders.set(kind, find);
  }

  /**
   * Returns the labels of the parent of a call's object: for a task those of its run. Undefined if the call names
   * nothing whose labels this process knows.
   */
  of({ within }: Rule, namespace: string): Promise<Labels> | undefined {
    const find = within && this.#finders.get(within.kind);
    return find && this.#found((signal) => find(namespace, within.id, signal));
  }

  async #found(find: (signal: AbortSignal) => Promise<Labels | undefined>): Promise<Labels> {
    const patience = new AbortController();
    const timer = this.#timers.after(patienceMs, () => patience.abort());
    try {
      return (await find(patience.signal)) ?? noLabels;
    } finally {
      timer.cancel();
    }
  }
}
