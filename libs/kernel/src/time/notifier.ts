/** Wakes the sender of a stream when there may be something to send. A ring without a waiter is kept. */
export class Notifier {
  #isNotified = false;
  #resolve: (() => void) | undefined;

  notify(): void {
    // May ring once for each of a thousand items: a woken waiter need not be woken again.
    if (this.#isNotified) return;
    this.#isNotified = true;
    this.#resolve?.();
  }

  /** Resolves at the next ring, or at once if it has rung since the last call. For one waiter. */
  async notified(): Promise<void> {
    if (!this.#isNotified) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
      this.#resolve = undefined;
    }
    this.#isNotified = false;
  }
}
