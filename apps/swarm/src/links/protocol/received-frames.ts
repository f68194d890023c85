import { isAfter, nextNumber, stepsBetween } from "./frame-number.ts";

/** Relation of a frame to those received before it. */
export type Arrival = "next" | "repeated" | "gap";

/** The frames that one side has received from the other: each once, in order. */
export class ReceivedFrames {
  #last: number;
  #acknowledged: number;
  #contentUnacknowledged = 0;
  #bytesUnacknowledged = 0;

  /** @param last the number of the last frame before */
  constructor(last = 0) {
    this.#last = last;
    this.#acknowledged = last;
  }

  /** Number of the last frame. 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Received frames with content that were not acknowledged. A frame without content needs no acknowledgement. */
  get unacknowledgedWithContent(): number {
    return this.#contentUnacknowledged;
  }

  /** Received frames that were not acknowledged. */
  get unacknowledged(): number {
    return stepsBetween(this.#acknowledged, this.#last);
  }

  get unacknowledgedBytes(): number {
    return this.#bytesUnacknowledged;
  }

  arrivalOf(number: number): Arrival {
    if (number === nextNumber(this.#last)) return "next";
    return number !== 0 && !isAfter(number, this.#last) ? "repeated" : "gap";
  }

  /** Accepts the next frame. */
  accept(hasContent: boolean, bytes: number): void {
    this.#last = nextNumber(this.#last);
    this.#bytesUnacknowledged += bytes;
    if (hasContent) this.#contentUnacknowledged++;
  }

  /** Returns the acknowledgement for a frame that is being sent. */
  acknowledge(): number {
    this.#acknowledged = this.#last;
    this.#contentUnacknowledged = 0;
    this.#bytesUnacknowledged = 0;
    return this.#last;
  }
}
