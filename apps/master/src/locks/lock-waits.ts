/** Who listens in this process for what becomes of a wish for a lock, and which locks are waited for here. */
import type { LockHold, LockWaitEnd } from "@tutti/contracts/session/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

/** What became of one that waited. */
export type LockWaitNews =
  | { readonly kind: "granted"; readonly hold: LockHold }
  | { readonly kind: "ended"; readonly reason: LockWaitEnd; readonly message: string };

type Listener = (news: LockWaitNews) => void;

/** Locks that are remembered at most; others are found again when somebody asks for them again. */
const contendedMax = 10_000;

export class LockWaits {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #contended = new Map<string, InstanceKey>();

  /** Locks that somebody waited for the last time they were looked at. */
  get contended(): readonly InstanceKey[] {
    return [...this.#contended.values()];
  }

  /** Returns how to stop listening. */
  listen(key: InstanceKey, holder: string, listener: Listener): () => void {
    const name = nameOf(key, holder);
    const there = this.#listeners.get(name) ?? new Set();
    there.add(listener);
    this.#listeners.set(name, there);
    return () => {
      if (there.delete(listener) && there.size === 0 && this.#listeners.get(name) === there)
        this.#listeners.delete(name);
    };
  }

  /** That is durable. */
  tell(key: InstanceKey, holder: string, news: LockWaitNews): void {
    for (const listener of this.#listeners.get(nameOf(key, holder)) ?? []) listener(news);
  }

  begun(key: InstanceKey): void {
    if (this.#contended.size < contendedMax) this.#contended.set(textOf(key), key);
  }

  /** Nobody waits for it any more, or not here. */
  over(key: InstanceKey): void {
    this.#contended.delete(textOf(key));
  }
}

function nameOf(key: InstanceKey, holder: string): string {
  return `${textOf(key)}/${holder}`;
}
