/** Locks by their stream: those with waiters first, then by name. */
import type { Lock, WatchLocksReply } from "@tutti/rest/types";
import { Listed } from "../../data/listed.ts";
import { LiveStore } from "../../data/live-store.ts";

export interface LocksKnown {
  readonly locks: readonly Lock[];
}

export class LocksStore extends LiveStore<WatchLocksReply, LocksKnown> {
  readonly #locks = new Listed<Lock, Pick<Lock, "name">>(
    ({ name }) => name,
    (one, other) => (other.waiting ?? 0) - (one.waiting ?? 0) || one.name.localeCompare(other.name),
  );

  constructor(later: (notify: () => void) => void) {
    super({ locks: [] }, later);
  }

  protected override reset(): void {
    this.#locks.clear();
  }

  protected override fold({ locks = [], removedNames = [] }: WatchLocksReply): void {
    for (const lock of locks) this.#locks.set(lock);
    for (const name of removedNames) this.#locks.remove({ name });
  }

  protected override picture(): LocksKnown {
    return { locks: this.#locks.list() };
  }
}
