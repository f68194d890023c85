/**
 * How late the event loop runs its timers. Every scraper must see every spike, however seldom it comes, so nothing is
 * reset by reading: the numbers are of the last complete window, and the maximum is of the last minute.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** The part of perf_hooks' delay histogram that is used. Nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  readonly count: number;
  percentile(percent: number): number;
  reset(): void;
  enable(): boolean;
  disable(): boolean;
}

/** A wake-up in 50 ms costs an idle process a thousandth of a core: a fifth of what it may use. */
export const resolutionMs = 100;
const windowTicks = 10;
const maximaKept = 6;

export class EventLoopLag {
  readonly #histogram: DelayHistogram;
  #ticks = 0;
  #maxima: readonly number[] = [];
  p50Seconds = 0;
  p99Seconds = 0;

  constructor(histogram: DelayHistogram = monitorEventLoopDelay({ resolution: resolutionMs })) {
    this.#histogram = histogram;
  }

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Call it once a second. */
  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % windowTicks !== 0) return;
    const empty = this.#histogram.count === 0;
    this.p50Seconds = empty ? 0 : lagSeconds(this.#histogram.percentile(50));
    this.p99Seconds = empty ? 0 : lagSeconds(this.#histogram.percentile(99));
    const max = empty ? 0 : lagSeconds(this.#histogram.max);
    this.#maxima = [...this.#maxima.slice(1 - maximaKept), max];
    this.#histogram.reset();
  }

  get maxSeconds(): number {
    return Math.max(0, ...this.#maxima);
  }
}

/** The histogram has the time between two wake-ups. What exceeds the resolution is lag. */
function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
}
