/** The listeners of this process for requested locks, the locks of interest here, and their owners. */
import type { LockHold, LockWaitEnd } from "@tutti/contracts/session/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

/** The end of a wait. */
export type LockWaitOutcome =
  | { readonly kind: "granted"; readonly hold: LockHold }
  | { readonly kind: "ended"; readonly reason: LockWaitEnd; readonly message: string };

type Listener = (lockEvent: LockWaitOutcome) => void;

/** Maximum of remembered locks. Others are in the index a moment later. */
const locksMax = 10_000;

export class LockWaits {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #contended = new Map<string, InstanceKey>();
  /** Locks that are held, waited for or set, each with a number that changes with each event. */
  readonly #live = new Map<string, { readonly key: InstanceKey; readonly change: number }>();
  #changes = 0;

  /** Locks with waiters at the last check. */
  get contended(): readonly InstanceKey[] {
    return [...this.#contended.values()];
  }

  /** Adds a listener. Returns a function that removes it. */
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

  /** Reports a durable outcome. */
  report(key: InstanceKey, holder: string, lockEvent: LockWaitOutcome): void {
    for (const listener of this.#listeners.get(nameOf(key, holder)) ?? []) listener(lockEvent);
  }

  /** Returns names in a namespace, each with a number that changes with each event. */
  liveIn(namespace: string): readonly (readonly [string, number])[] {
    return [...this.#live.values()].flatMap(({ key, change }) =>
      key.namespace === namespace ? [[key.id, change] as const] : [],
    );
  }

  /** @param isLive false if it is free, as if it had never existed */
  moved(key: InstanceKey, isLive: boolean): void {
    const name = textOf(key);
    if (!isLive) this.#live.delete(name);
    else if (this.#live.has(name) || this.#live.size < locksMax)
      this.#live.set(name, { key, change: ++this.#changes });
  }

  recordContended(key: InstanceKey): void {
    if (this.#contended.size < locksMax) this.#contended.set(textOf(key), key);
  }

  /** Records that no waiter waits for it any more, or not here. */
  recordUncontended(key: InstanceKey): void {
    this.#contended.delete(textOf(key));
  }
}

function nameOf(key: InstanceKey, holder: string): string {
  return `${textOf(key)}/${holder}`;
}
