/** Times at which senders are asked about tasks without an offer: soon, then at growing intervals. */
export class QuerySchedule {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #pauseMs: number;
  dueMs = Number.POSITIVE_INFINITY;

  /** @param firstMs longer than the usual time until the offer */
  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#pauseMs = firstMs;
  }

  added(nowMs: number): void {
    this.#pauseMs = this.#firstMs;
    this.dueMs = Math.min(this.dueMs, nowMs + this.#firstMs);
  }

  recordQuery(nowMs: number): void {
    this.#pauseMs = Math.min(2 * this.#pauseMs, this.#maxMs);
    this.dueMs = nowMs + this.#pauseMs;
  }

  /** Stops the requests: no task without an offer is left. */
  stop(): void {
    this.dueMs = Number.POSITIVE_INFINITY;
  }
}
