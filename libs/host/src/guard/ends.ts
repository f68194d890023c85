/**
 * When the keys and tokens end of an admitted caller, so that what is open by one ends with it.
 *
 * 1. Nothing is checked before the first ends. Those that end in the same second are reported together.
 * 2. An ended credential is remembered for a while. By then nothing continues by it, and its sender has got the
 *    reason.
 */
import type { Clock, Timer, Timers } from "@tutti/kernel";

export interface EndsParts {
  readonly clock: Pick<Clock, "now">;
  readonly timers: Pick<Timers, "after">;
  /** Something has ended. */
  readonly ended: () => void;
}

const togetherMs = 1_000;
const knownMs = 60_000;
/** Beyond those that are known, what is open continues until it is asked for something. */
const knownMax = 100_000;

export class Ends {
  readonly #parts: EndsParts;
  readonly #untilMs = new Map<string, number>();
  #timer: Timer | undefined;
  #nextMs = Number.POSITIVE_INFINITY;

  constructor(parts: EndsParts) {
    this.#parts = parts;
  }

  /** This credential admitted a caller. */
  note(id: string, untilMs: number): void {
    if (untilMs === Number.POSITIVE_INFINITY || this.#untilMs.get(id) === untilMs) return;
    if (this.#untilMs.size >= knownMax) return;
    this.#untilMs.set(id, untilMs);
    this.#wakeAt(untilMs);
  }

  hasEnded(id: string, nowMs: number): boolean {
    return (this.#untilMs.get(id) ?? Number.POSITIVE_INFINITY) <= nowMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#nextMs = 0;
  }

  #wakeAt(untilMs: number): void {
    if (untilMs >= this.#nextMs) return;
    const { clock, timers } = this.#parts;
    this.#timer?.cancel();
    this.#nextMs = untilMs;
    const inMs = Math.max(0, untilMs - clock.now()) + togetherMs;
    this.#timer = timers.after(inMs, () => this.#publishEnded());
  }

  #publishEnded(): void {
    const nowMs = this.#parts.clock.now();
    this.#nextMs = Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [id, untilMs] of this.#untilMs) {
      if (untilMs + knownMs <= nowMs) this.#untilMs.delete(id);
      else if (untilMs > nowMs) nextMs = Math.min(nextMs, untilMs);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeAt(nextMs);
    this.#parts.ended();
  }
}
