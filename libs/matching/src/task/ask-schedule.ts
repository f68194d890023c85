/** When senders are asked about tasks without an offer: soon after a new one, then after ever longer pauses. */
export class AskSchedule {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #pauseMs: number;
  dueMs = Number.POSITIVE_INFINITY;

  /** @param firstMs most tasks are offered sooner */
  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#pauseMs = firstMs;
  }

  added(nowMs: number): void {
    this.#pauseMs = this.#firstMs;
    this.dueMs = Math.min(this.dueMs, nowMs + this.#firstMs);
  }

  noteAsk(nowMs: number): void {
    this.#pauseMs = Math.min(2 * this.#pauseMs, this.#maxMs);
    this.dueMs = nowMs + this.#pauseMs;
  }

  /** Nothing is left to ask about. */
  stop(): void {
    this.dueMs = Number.POSITIVE_INFINITY;
  }
}
