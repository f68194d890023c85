/**
 * How long the host of a link has sent nothing, while this process could have read it.
 *
 * 1. A process that stands still, as while it encodes a large output, has frames of its host that it has not read. The
 *    time by which a beat is late counts as time of this process and not as silence of the host.
 */
export class Silence {
  readonly #periodMs: number;
  #heardMs: number;
  #beatMs: number;

  constructor(periodMs: number, nowMs: number) {
    this.#periodMs = periodMs;
    this.#heardMs = nowMs;
    this.#beatMs = nowMs;
  }

  /** A frame of the host arrived. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** Returns the silence of the host in milliseconds. Called once each period. */
  beat(nowMs: number): number {
    const lateMs = Math.max(0, nowMs - this.#beatMs - this.#periodMs);
    this.#beatMs = nowMs;
    this.#heardMs = Math.min(nowMs, this.#heardMs + lateMs);
    return nowMs - this.#heardMs;
  }
}
