/**
 * Periodic reads of state without notifications, such as the agents that join and leave. Notifications do not
 * wait for them.
 */

/** Maximum number of reads per second, for all readers together. */
const readsPerSec = 200;

export class ReadLimiter {
  #readers = 0;

  /** Counts a reader while it runs. */
  async during(read: () => Promise<void>): Promise<void> {
    this.#readers++;
    try {
      await read();
    } finally {
      this.#readers--;
    }
  }

  /** Returns the time until the next read. */
  nextReadMs(leastMs: number): number {
    return Math.max(leastMs, (this.#readers / readsPerSec) * 1_000);
  }
}
