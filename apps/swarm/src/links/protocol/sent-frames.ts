import { isAfter, nextNumber, stepsBetween } from "./frame-number.ts";

/** How much may be under way without being acknowledged. */
export interface UnacknowledgedLimits {
  readonly frames: number;
  readonly bytes: number;
}

/**
 * Frames that one side has sent and the other has not acknowledged: what is repeated when a link is resumed.
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

  /** Whether another frame may be sent. A single one may be larger than the bytes that are left. */
  get hasRoom(): boolean {
    return this.#frames.length < this.#limits.frames && this.#bytes < this.#limits.bytes;
  }

  /** The number that the next frame has to bear. */
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
   * Forgets what the other side has taken in. An acknowledgement that is older than one before changes nothing. Gives
   * false for one of a frame that was never sent.
   */
  acknowledge(number: number): boolean {
    if (isAfter(number, this.#last)) return false;
    const left = stepsBetween(number, this.#last);
    const gone = this.#frames.length - left;
    if (gone <= 0) return true;
    this.#frames.splice(0, gone);
    for (const weight of this.#weights.splice(0, gone)) this.#bytes -= weight;
    return true;
  }

  /** What the other side lacks when it has taken in everything that is acknowledged, oldest first. */
  pending(): readonly Frame[] {
    return [...this.#frames];
  }
}
