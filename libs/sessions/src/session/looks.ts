/**
 * Periodic reads of state without notifications, such as the agents that join and leave. Notifications do not
 * wait for them.
 */

/** Maximum number of reads per second, for all readers together. */
const looksPerSec = 200;

export class Looks {
  #looking = 0;

  /** Counts a reader while it runs. */
  async during(look: () => Promise<void>): Promise<void> {
    this.#looking++;
    try {
      await look();
    } finally {
      this.#looking--;
    }
  }

  /** Returns the time until the next read. */
  againMs(leastMs: number): number {
    return Math.max(leastMs, (this.#looking / looksPerSec) * 1_000);
  }
}
