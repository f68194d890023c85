/**
 * Labels of what calls are about, for rights that depend on them. Each service tells those of its kinds of work as they
 * are where it is owned, so a decision by labels is made by the process that does what was asked.
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

  tell(kind: string, find: FindLabels): void {
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
