import type { Clock } from "@tutti/kernel";
import { gatewayErrors } from "../errors.ts";

const windowMs = 60_000;
const triesMax = 20;
const addressesMax = 10_000;

/**
 * Wrong keys and links by where they come from, where no guard counts them: guessing is to take for ever, and to keep nobody else
 * out.
 */
export class Tries {
  readonly #clock: Clock;
  readonly #failed = new Map<string, { readonly sinceMs: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws while there were too many. */
  insistOnTrying(from: string): void {
    const nowMs = this.#clock.monotonic();
    const failed = this.#failed.get(from);
    if (failed === undefined) return;
    const retryAfterMs = failed.sinceMs + windowMs - nowMs;
    if (retryAfterMs <= 0) this.#failed.delete(from);
    else if (failed.count >= triesMax) throw gatewayErrors.tooManyTries(undefined, { retryAfterMs });
  }

  triedInVain(from: string): void {
    const failed = this.#failed.get(from);
    if (failed !== undefined) failed.count++;
    else this.#failed.set(from, { sinceMs: this.#clock.monotonic(), count: 1 });
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= addressesMax) break;
      this.#failed.delete(oldest);
    }
  }
}
