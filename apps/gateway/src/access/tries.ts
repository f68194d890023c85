import type { Clock, TuttiError } from "@tutti/kernel";
import { Lockouts } from "@tutti/policy";
import { gatewayErrors } from "../errors.ts";

/** Failed attempts with keys and links, by address and account, where no guard counts them. */
export class Tries {
  readonly #clock: Clock;
  readonly #lockouts = new Lockouts({ freeFailures: 20 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws if an attempt on a key that a person chose has to wait. */
  pace(from: string, account: string): void {
    const retryAfterMs = this.#lockouts.pace(`${from}/${account}`, this.#clock.now());
    if (retryAfterMs > 0) throw gatewayErrors.tooManyTries(undefined, { retryAfterMs });
  }

  /** Returns the error to answer with: during a lock-out, that. */
  recordFailure(from: string, account: string, error: TuttiError): TuttiError {
    const nowMs = this.#clock.now();
    const subjects = [`${from}/${account}`];
    const untilMs = this.#lockouts.lockedUntil(subjects, nowMs);
    this.#lockouts.failed(subjects, nowMs);
    return untilMs === undefined
      ? error
      : gatewayErrors.tooManyTries(undefined, { retryAfterMs: untilMs - nowMs });
  }
}
