/** Updates of sessions: a waiter continues at the next update, or after a time without one. */
import { type InstanceKey, type Timers, textOf, Waiters } from "@tutti/kernel";

export class SessionUpdates {
  readonly #timers: Timers;
  /** Sessions without waiters are removed. */
  readonly #bySession = new Map<string, Waiters>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  publish(key: InstanceKey): void {
    this.#bySession.get(textOf(key))?.wakeAll();
  }

  /** Waits for an update from the time of the call. A signal ends the wait without an error. */
  async of(key: InstanceKey, waitMs: number, signal: AbortSignal): Promise<void> {
    const name = textOf(key);
    const waiters = this.#bySession.get(name) ?? new Waiters(this.#timers);
    this.#bySession.set(name, waiters);
    await waiters.wait(waitMs, signal);
    if (waiters.isEmpty && this.#bySession.get(name) === waiters) this.#bySession.delete(name);
  }
}
