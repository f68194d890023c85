/**
 * Measures how long the host of a link has sent nothing while this process could have read.
 *
 * 1. A blocked process, for example during the encoding of a large output, cannot read the frames of its host. So the
 *    delay of a beat does not count as silence of the host.
 */
export class Silence {
  readonly #periodMs: number;
  #lastFrameMs: number;
  #beatMs: number;

  constructor(periodMs: number, nowMs: number) {
    this.#periodMs = periodMs;
    this.#lastFrameMs = nowMs;
    this.#beatMs = nowMs;
  }

  /** Records that a frame of the host arrived. */
  received(nowMs: number): void {
    this.#lastFrameMs = nowMs;
  }

  /** Returns the silence of the host in milliseconds. Called once each period. */
  beat(nowMs: number): number {
    const lateMs = Math.max(0, nowMs - this.#beatMs - this.#periodMs);
    this.#beatMs = nowMs;
    this.#lastFrameMs = Math.min(nowMs, this.#lastFrameMs + lateMs);
    return nowMs - this.#lastFrameMs;
  }
}
