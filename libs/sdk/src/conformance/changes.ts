import { systemClock, systemTimers } from "@tutti/kernel";
import { Unmet } from "./unmet.ts";

export interface Wanted {
  readonly expected: string;
  /** The alternative, called when the time is up. */
  readonly found: () => string;
  readonly remedy?: string;
  readonly withinMs?: number;
}

/** Waits for what a worker does: looked at again whenever anything happened. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  /** By what all patience is multiplied, for slow machines. */
  readonly #patience: number;

  constructor(patience: number) {
    this.#patience = patience;
  }

  happened(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves with what `look` gives as soon as that is something. */
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

  /** Waits: for what must not happen meanwhile. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => systemTimers.after(ms, resolve));
  }
}

const defaultMs = 5_000;
