import { isAfter, nextNumber, stepsBetween } from "./frame-number.ts";

/** Limits of unacknowledged frames. */
export interface UnacknowledgedLimits {
  readonly frames: number;
  readonly bytes: number;
}

/**
 * Frames that one side has sent and the other has not acknowledged: they are repeated when a link is resumed.
 *
 * 1. Frames are kept in the order of their numbers, without gaps, the oldest first.
 * 2. A frame is forgotten once it is acknowledged, and never before.
 */
export class SentFrames<Frame> {
  readonly #limits: UnacknowledgedLimits;
  readonly #frames: Frame[] = [];
  readonly #weights: number[] = [];
  #bytes = 0;
  #last: number;

  /** @param last the number of the last frame before */
  constructor(limits: UnacknowledgedLimits, last = 0) {
    this.#limits = limits;
    this.#last = last;
  }

  /** Number of the last frame sent. 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get unacknowledged(): number {
    return this.#frames.length;
  }

  get unacknowledgedBytes(): number {
    return this.#bytes;
  }

  /** Whether another frame may be sent. A single frame may exceed the remaining bytes. */
  get hasRoom(): boolean {
    return this.#frames.length < this.#limits.frames && this.#bytes < this.#limits.bytes;
  }

  /** The number of the next frame. */
  get next(): number {
    return nextNumber(this.#last);
  }

  add(frame: Frame, bytes: number): void {
    this.#last = this.next;
    this.#frames.push(frame);
    this.#weights.push(bytes);
    this.#bytes += bytes;
  }

  /**
   * Forgets acknowledged frames. An older acknowledgement than the last one changes nothing. Returns false if
   * the frame was never sent.
   */
  acknowledge(number: number): boolean {
    if (isAfter(number, this.#last)) return false;
    const remaining = stepsBetween(number, this.#last);
    const acknowledged = this.#frames.length - remaining;
    if (acknowledged <= 0) return true;
    this.#frames.splice(0, acknowledged);
    for (const weight of this.#weights.splice(0, acknowledged)) this.#bytes -= weight;
    return true;
  }

  /** Returns the unacknowledged frames, oldest first. */
  pending(): readonly Frame[] {
    return [...this.#frames];
  }
}
