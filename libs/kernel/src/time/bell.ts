/** Wakes the one that sends on a stream when there may be something to send. A ring without a waiter is kept. */
export class Bell {
  #hasRung = false;
  #answer: (() => void) | undefined;

  ring(): void {
    // Rung once for each of a thousand things at times: who was woken need not be woken again.
    if (this.#hasRung) return;
    this.#hasRung = true;
    this.#answer?.();
  }

  /** Resolves at the next ring, or at once when it has rung since it was asked last. For one that waits. */
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
