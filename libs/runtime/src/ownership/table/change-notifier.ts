/** Wakes waiters at the next change of a name. */
export class ChangeNotifier {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the next change of this name. Rejects with the signal's reason. */
  wait(name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const done = (): void => {
        waiting.delete(onChange);
        if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
        signal.removeEventListener("abort", onAbort);
      };
      const onChange = (): void => {
        done();
        resolve();
      };
      const onAbort = (): void => {
        done();
        reject(signal.reason);
      };
      waiting.add(onChange);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  notify(name: string): void {
    for (const listener of [...(this.#waiting.get(name) ?? [])]) listener();
  }

  notifyAll(): void {
    for (const name of [...this.#waiting.keys()]) this.notify(name);
  }
}
