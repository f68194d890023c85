/** Who waits for news of a session hears of them at once, or after a while that nothing happened. */
import { type InstanceKey, type Timers, textOf } from "@tutti/kernel";

export class News {
  readonly #timers: Timers;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  tell(key: InstanceKey): void {
    for (const wake of this.#waiting.get(textOf(key)) ?? []) wake();
  }

  /** Begins to listen when it is called; a signal ends the wait without an error. */
  of(key: InstanceKey, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const name = textOf(key);
      const waiting = this.#waiting.get(name) ?? new Set();
      const wake = () => {
        timer.cancel();
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(name);
        resolve();
      };
      const timer = this.#timers.after(waitMs, wake);
      signal.addEventListener("abort", wake, { once: true });
      waiting.add(wake);
      this.#waiting.set(name, waiting);
    });
  }
}
