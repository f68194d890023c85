/** Wakes waiters at the next change of a name. */
export class ChangeBells {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the next change of this name. Rejects with the signal's reason. */
  wait(name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const done = (): void => {
        waiting.delete(rung);
        if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
        signal.removeEventListener("abort", givenUp);
      };
      const rung = (): void => {
        done();
        resolve();
      };
      const givenUp = (): void => {
        done();
        reject(signal.reason);
      };
      waiting.add(rung);
      signal.addEventListener("abort", givenUp, { once: true });
    });
  }

  ring(name: string): void {
    for (const rung of [...(this.#waiting.get(name) ?? [])]) rung();
  }

  ringAll(): void {
    for (const name of [...this.#waiting.keys()]) this.ring(name);
  }
}
