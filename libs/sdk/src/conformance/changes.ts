import { systemClock, systemTimers } from "@tutti/kernel";
import { Unmet } from "./unmet.ts";

export interface Expectation {
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
    for (const check of [...this.#waiting]) check();
  }

  /** Resolves with the value of `look` as soon as it is neither undefined nor false. */
  until<T>(condition: () => T | undefined | false, expectation: Expectation): Promise<T> {
    const withinMs = (expectation.withinMs ?? defaultMs) * this.#patience;
    const sinceMs = systemClock.monotonic();
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(recheck);
        timer.cancel();
      };
      const recheck = () => {
        try {
          const value = condition();
          if (value === undefined || value === false) return;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const timer = systemTimers.after(withinMs, () => {
        end();
        const waitedMs = Math.round(systemClock.monotonic() - sinceMs);
        reject(
          new Unmet(expectation.expected, `${expectation.found()} after ${waitedMs} ms`, expectation.remedy),
        );
      });
      this.#waiting.add(recheck);
      recheck();
    });
  }

  /** Waits for a time in which something must not happen. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => systemTimers.after(ms, resolve));
  }
}

const defaultMs = 5_000;
