/** Who waits for news of a session hears of them at once, or after a while that nothing happened. */
import { type InstanceKey, sleep, type Timers, textOf } from "@tutti/kernel";

export class News {
  readonly #timers: Timers;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  tell(key: InstanceKey): void {
    const waiting = this.#waiting.get(textOf(key));
    this.#waiting.delete(textOf(key));
    for (const wake of waiting ?? []) wake();
  }

  /** Begins to listen when it is called. */
  async of(key: InstanceKey, waitMs: number, signal: AbortSignal): Promise<void> {
    const name = textOf(key);
    const heard = new AbortController();
    const wake = () => heard.abort();
    const waiting = this.#waiting.get(name) ?? new Set();
    waiting.add(wake);
    this.#waiting.set(name, waiting);
    await sleep(this.#timers, waitMs, AbortSignal.any([heard.signal, signal])).catch(() => {});
    waiting.delete(wake);
  }
}
