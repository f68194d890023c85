import type { Clock } from "@tutti/kernel";

/** Maximum time until a disconnected agent greets again. */
export const seenForMs = 120_000;
const seenMax = 10_000;

/**
 * Recent offerings of agents. The new owner of a pool knows no agent until its agents have greeted it.
 * Capabilities that were offered a moment ago remain known in that time.
 */
export class OfferingsSeen {
  readonly #clock: Clock;
  /** Last sighting of each, the oldest first. */
  readonly #seenMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  saw(offering: string): void {
    this.#seenMs.delete(offering);
    this.#seenMs.set(offering, this.#clock.monotonic());
    if (this.#seenMs.size <= seenMax) return;
    for (const [oldest] of this.#seenMs) {
      this.#seenMs.delete(oldest);
      return;
    }
  }

  isRecent(offering: string): boolean {
    const seenMs = this.#seenMs.get(offering);
    return seenMs !== undefined && this.#clock.monotonic() - seenMs < seenForMs;
  }
}
