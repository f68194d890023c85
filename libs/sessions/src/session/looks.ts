/**
 * Periodic reads of state without notifications, such as agents that come and go. Notifications do not wait
 * for them.
 */

/** Those that look wait for each other: so many looks a second they have at most, all together. */
const looksPerSec = 200;

export class Looks {
  #looking = 0;

  /** Counts among those that look as long as it runs. */
  async during(look: () => Promise<void>): Promise<void> {
    this.#looking++;
    try {
      await look();
    } finally {
      this.#looking--;
    }
  }

  /** Until the next one, at least. */
  againMs(leastMs: number): number {
    return Math.max(leastMs, (this.#looking / looksPerSec) * 1_000);
  }
}
