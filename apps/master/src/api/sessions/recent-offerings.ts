import type { Clock } from "@tutti/kernel";

/** Maximum time until a disconnected agent greets again. */
export const recentForMs = 120_000;
const offeringsMax = 10_000;

/**
 * Recent offerings of agents. The new owner of a pool knows no agent until its agents have greeted it.
 * Capabilities that were offered a moment ago remain known in that time.
 */
export class RecentOfferings {
  readonly #clock: Clock;
  /** Last sighting of each, the oldest first. */
  readonly #lastSeenMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(offering: string): void {
    this.#lastSeenMs.delete(offering);
    this.#lastSeenMs.set(offering, this.#clock.monotonic());
    if (this.#lastSeenMs.size <= offeringsMax) return;
    for (const [oldest] of this.#lastSeenMs) {
      this.#lastSeenMs.delete(oldest);
      return;
    }
  }

  isRecent(offering: string): boolean {
    const lastSeenMs = this.#lastSeenMs.get(offering);
    return lastSeenMs !== undefined && this.#clock.monotonic() - lastSeenMs < recentForMs;
  }
}
