import { isAfter, nextNumber, stepsBetween } from "./frame-number.ts";

/** What a frame is to the side that gets it. */
export type Arrival = "next" | "repeated" | "gap";

/** How far one side has taken in the other's frames: each once, in order. */
export class ReceivedFrames {
  #last: number;
  #told: number;
  #contentUntold = 0;
  #bytesUntold = 0;

  /** @param last the number of the last frame before */
  constructor(last = 0) {
    this.#last = last;
    this.#told = last;
  }

  /** The last frame that was taken in. 0 for none. */
  get last(): number {
    return this.#last;
  }

  /** Frames with content that were taken in and not acknowledged. One that says nothing asks for no answer. */
  get contentUntold(): number {
    return this.#contentUntold;
  }

  /** Frames that were taken in and not acknowledged. */
  get untold(): number {
    return stepsBetween(this.#told, this.#last);
  }

  get bytesUntold(): number {
    return this.#bytesUntold;
  }

  arrivalOf(number: number): Arrival {
    if (number === nextNumber(this.#last)) return "next";
    return number !== 0 && !isAfter(number, this.#last) ? "repeated" : "gap";
  }

  /** Takes in the next frame. */
  take(hasContent: boolean, bytes: number): void {
    this.#last = nextNumber(this.#last);
    this.#bytesUntold += bytes;
    if (hasContent) this.#contentUntold++;
  }

  /** The acknowledgement for a frame that is being sent. */
  tell(): number {
    this.#told = this.#last;
    this.#contentUntold = 0;
    this.#bytesUntold = 0;
    return this.#last;
  }
}
