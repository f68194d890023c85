import { systemClock, systemTimers } from "@tutti/kernel";
import { Unmet } from "./unmet.ts";

export interface Wanted {
  readonly expected: string;
  /** Returns the actual outcome. Called when the time is up. */
  readonly found: () => string;
  readonly remedy?: string;
  readonly withinMs?: number;
}

/** Waits for conditions on a worker. Each condition is checked again after every event. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  /** Factor for all timeouts, for slow machines. */
  readonly #patience: number;

  constructor(patience: number) {
    this.#patience = patience;
  }

  happened(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves with the value of `look` as soon as it is neither undefined nor false. */
  until<T>(look: () => T | undefined | false, wanted: Wanted): Promise<T> {
    const withinMs = (wanted.withinMs ?? defaultMs) * this.#patience;
    const sinceMs = systemClock.monotonic();
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(again);
        timer.cancel();
      };
      const again = () => {
        try {
          const seen = look();
          if (seen === undefined || seen === false) return;
          end();
          resolve(seen);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const timer = systemTimers.after(withinMs, () => {
        end();
        const waitedMs = Math.round(systemClock.monotonic() - sinceMs);
        reject(new Unmet(wanted.expected, `${wanted.found()} after ${waitedMs} ms`, wanted.remedy));
      });
      this.#waiting.add(again);
      again();
    });
  }

  /** Waits for a time in which something must not happen. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => systemTimers.after(ms, resolve));
  }
}

const defaultMs = 5_000;
