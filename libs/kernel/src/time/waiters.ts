import type { Timers } from "../ports/timers.ts";

/** Callers that wait until they are woken, or until a time has passed. A later caller waits for the next wake-up. */
export class Waiters {
  readonly #timers: Timers;
  readonly #waiting = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Starts to listen at the call. A signal ends the wait without an error. */
  wait(forMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.#timers.after(forMs, wake);
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
