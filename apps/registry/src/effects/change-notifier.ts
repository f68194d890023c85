import type { Timer, Timers } from "@tutti/kernel";

/**
 * Wakes all waiting watchers, at a limited rate. Changes in between are sent in one piece, so that a burst of
 * a thousand registrations is not a thousand messages to each watcher.
 */
export class ChangeNotifier {
  readonly #timers: Timers;
  readonly #intervalMs: number;
  #waiting = new Set<() => void>();
  #pending: Timer | undefined;

  constructor(timers: Timers, intervalMs: number) {
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  notify(): void {
    this.#pending ??= this.#timers.after(this.#intervalMs, () => {
      this.#pending = undefined;
      this.#wake();
    });
  }

  /** Resolves with true at the next ring. With false after `atMostMs`, or when the signal is aborted. */
  wait(atMostMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (hasChanged: boolean) => {
        this.#waiting.delete(wake);
        limit.cancel();
        signal.removeEventListener("abort", onTimeout);
        resolve(hasChanged);
      };
      const wake = () => end(true);
      const onTimeout = () => end(false);
      const limit = this.#timers.after(atMostMs, onTimeout);
      signal.addEventListener("abort", onTimeout, { once: true });
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
