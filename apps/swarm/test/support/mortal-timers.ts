import type { Timers } from "@tutti/kernel";

/** Timers of a process that may be killed: after that no timer runs. */
export class MortalTimers implements Timers {
  readonly #timers: Timers;
  #isDead = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  kill(): void {
    this.#isDead = true;
  }

  after(delayMs: number, callback: () => void) {
    return this.#timers.after(delayMs, () => this.#call(callback));
  }

  every(periodMs: number, callback: () => void) {
    return this.#timers.every(periodMs, () => this.#call(callback));
  }

  #call(callback: () => void): void {
    if (!this.#isDead) callback();
  }
}
