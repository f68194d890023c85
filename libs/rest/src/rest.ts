import type { Clock } from "@tutti/kernel";

/**
 * Where the library begins: time comes from a port, so that a test decides what time it is.
 */
export class Rest {
  readonly #clock: Clock;
  readonly #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  /** For how long this has existed. */
  ageMs(): number {
    return this.#clock.monotonic() - this.#sinceMs;
  }
}
