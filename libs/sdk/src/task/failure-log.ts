const everyMs = 1_000;

/** Errors of code that fails thousands of times a second are logged once a second for each name. */
export class FailureLog {
  readonly #loggedMs = new Map<string, number>();

  /** Returns whether to log now, and counts it. */
  isDue(name: string, nowMs: number): boolean {
    if (nowMs - (this.#loggedMs.get(name) ?? Number.NEGATIVE_INFINITY) < everyMs) return false;
    this.#loggedMs.set(name, nowMs);
    return true;
  }
}
