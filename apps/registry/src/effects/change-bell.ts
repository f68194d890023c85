import type { Timer, Timers } from "@tutti/kernel";

/**
 * Wakes all waiting watchers, at a limited rate. Changes in between are sent in one piece, so that a burst of
 * a thousand registrations is not a thousand messages to each watcher.
 */
export class ChangeBell {
  readonly #timers: Timers;
  readonly #quietMs: number;
  #waiting = new Set<() => void>();
  #pending: Timer | undefined;

  constructor(timers: Timers, quietMs: number) {
    this.#timers = timers;
    this.#quietMs = quietMs;
  }

  ring(): void {
    this.#pending ??= this.#timers.after(this.#quietMs, () => {
      this.#pending = undefined;
      this.#wake();
    });
  }

  /** Resolves with true at the next ring. With false after `atMostMs`, or when the signal is aborted. */
  wait(atMostMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (rung: boolean) => {
        this.#waiting.delete(wake);
        limit.cancel();
        signal.removeEventListener("abort", giveUp);
        resolve(rung);
      };
      const wake = () => end(true);
      const giveUp = () => end(false);
      const limit = this.#timers.after(atMostMs, giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(wake);
    });
  }

  close(): void {
    this.#pending?.cancel();
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
