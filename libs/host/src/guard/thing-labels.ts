/**
 * Labels of the objects of calls, for rights that depend on them. Each service gives the labels of its kinds of work
 * at their owner. So a decision by labels is made by the process that handles the call.
 */
import type { Labels, Timers } from "@tutti/kernel";
import type { Rule } from "@tutti/mesh";

/** Undefined where there is no such thing. Rejects where it is owned elsewhere, with the owner. */
export type FindLabels = (namespace: string, id: string, signal: AbortSignal) => Promise<Labels | undefined>;

/** As long as an owner may need to be there. */
const patienceMs = 10_000;

export const noLabels: Labels = Object.freeze({});

export class ThingLabels {
  readonly #timers: Timers;
  readonly #finders = new Map<string, FindLabels>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  register(kind: string, find: FindLabels): void {
    this.#finders.set(kind, find);
  }

  /** Those of what a call is within: of a task its run's. Undefined where the call names nothing that this process knows labels of. */
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
