/**
 * Who waits for something to happen to an instance. Each is woken once, when it is decided: what is read then is
 * answered when that is durable.
 */
import type { Instance } from "./instance.ts";

interface Listener {
  /** Whether nothing but the end matters. */
  readonly endOnly: boolean;
  wake(): void;
}

export class Listeners {
  readonly #byInstance = new Map<Instance, Set<Listener>>();

  /** Resolves when something has happened to it, it has left memory, or it is no longer wanted. */
  heard(instance: Instance, endOnly: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.#byInstance.get(instance) ?? new Set();
      this.#byInstance.set(instance, listening);
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        listening.delete(listener);
        if (listening.size === 0 && this.#byInstance.get(instance) === listening)
          this.#byInstance.delete(instance);
        resolve();
      };
      const listener: Listener = { endOnly, wake };
      listening.add(listener);
      signal.addEventListener("abort", wake);
    });
  }

  happened(instance: Instance): void {
    if (this.#byInstance.size === 0) return;
    for (const { endOnly, wake } of this.#byInstance.get(instance) ?? [])
      if (!endOnly || instance.isEnded) wake();
  }

  left(instance: Instance): void {
    if (this.#byInstance.size === 0) return;
    for (const { wake } of this.#byInstance.get(instance) ?? []) wake();
  }

  stop(): void {
    for (const listening of [...this.#byInstance.values()]) for (const { wake } of [...listening]) wake();
  }
}
