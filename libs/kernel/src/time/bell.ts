/** Wakes the sender of a stream when there may be something to send. A ring without a waiter is kept. */
export class Bell {
  #hasRung = false;
  #answer: (() => void) | undefined;

  ring(): void {
    // May ring once for each of a thousand items: a woken waiter need not be woken again.
    if (this.#hasRung) return;
    this.#hasRung = true;
    this.#answer?.();
  }

  /** Resolves at the next ring, or at once if it has rung since the last call. For one waiter. */
  async rung(): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        this.#answer = resolve;
      });
      this.#answer = undefined;
    }
    this.#hasRung = false;
  }
}
