import type { Clock } from "@tutti/kernel";

/** As long as an agent that was cut off may take until it greets again. */
export const seenForMs = 120_000;
const seenMax = 10_000;

/**
 * What agents offered lately. The new owner of a pool knows no agent until its agents have greeted it, and what they
 * offered a moment ago is not unknown for that.
 */
export class OfferingsSeen {
  readonly #clock: Clock;
  /** When each was seen last, the longest ago first. */
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
