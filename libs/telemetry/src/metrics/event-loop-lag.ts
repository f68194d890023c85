/**
 * The delay with which the event loop runs its timers. Every scraper must see every spike, even if it scrapes rarely. So
 * reading resets nothing: the numbers cover the last complete window, and the maximum covers the last minute.
 *
 * 1. A busy process is probed: a timer measures its own delay. Each probe wakes the process.
 * 2. A quiet process is not probed. Its loop counts turns and busy time without a wake-up. A second with less busy time
 *    than the resolution has no spike that the probe would be sure to see.
 * 3. A quiet second with a long turn is a spike: its busy time is the lag. The probe starts with the first busy second,
 *    and stops after a window without a busy second.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** The part of perf_hooks' delay histogram that is used here. In nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  readonly count: number;
  percentile(percent: number): number;
  reset(): void;
  enable(): boolean;
  disable(): boolean;
}

/** Activity of the event loop since the start of the process. */
export interface LoopActivity {
  readonly busyMs: number;
  readonly turns: number;
}

/** Interval of probes. An interval of 50 ms would cost a process a thousandth of a core. */
export const resolutionMs = 100;
/** Average over a second. Turns of an idle platform take 0.4 ms. A burst of short turns must not count as a long turn. */
const longTurnMs = 5;
const windowTicks = 10;
const maximaMax = 6;

export class EventLoopLag {
  readonly #histogram: DelayHistogram;
  readonly #read: () => LoopActivity;
  #isProbed = true;
  #last: LoopActivity = { busyMs: 0, turns: 0 };
  #ticks = 0;
  #wasBusy = false;
  /** The largest spike in the seconds of this window that were not probed. */
  #spikeSeconds = 0;
  #turnSeconds = 0;
  #maxima: readonly number[] = [];
  p50Seconds = 0;
  p99Seconds = 0;

  constructor(
    histogram: DelayHistogram = monitorEventLoopDelay({ resolution: resolutionMs }),
    read: () => LoopActivity = readActivity,
  ) {
    this.#histogram = histogram;
    this.#read = read;
  }

  start(): void {
    this.#last = this.#read();
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Updates the numbers. Call it once a second. */
  tick(): void {
    this.#ticks += 1;
    this.#assess();
    if (this.#ticks % windowTicks !== 0) return;
    const empty = this.#histogram.count === 0;
    this.p50Seconds = empty ? 0 : lagSeconds(this.#histogram.percentile(50));
    const p99 = empty ? this.#turnSeconds : lagSeconds(this.#histogram.percentile(99));
    this.p99Seconds = Math.max(p99, this.#spikeSeconds);
    const max = empty ? this.#turnSeconds : lagSeconds(this.#histogram.max);
    this.#maxima = [...this.#maxima.slice(1 - maximaMax), Math.max(max, this.#spikeSeconds)];
    this.#histogram.reset();
    if (this.#isProbed && !this.#wasBusy) this.#isProbed = !this.#histogram.disable();
    this.#wasBusy = false;
    this.#spikeSeconds = 0;
    this.#turnSeconds = 0;
  }

  /** Evaluates the last second. */
  #assess(): void {
    const { busyMs, turns } = this.#read();
    const busy = busyMs - this.#last.busyMs;
    const turnMs = busy / Math.max(1, turns - this.#last.turns);
    this.#last = { busyMs, turns };
    const isBusy = busy >= resolutionMs;
    this.#wasBusy ||= isBusy;
    if (this.#isProbed) return;
    this.#turnSeconds = Math.max(this.#turnSeconds, turnMs / 1000);
    if (!isBusy) return;
    if (turnMs >= longTurnMs) this.#spikeSeconds = Math.max(this.#spikeSeconds, busy / 1000);
    this.#isProbed = this.#histogram.enable();
    // A histogram that was disabled would count the time since its last wake-up.
    this.#histogram.reset();
  }

  get maxSeconds(): number {
    return Math.max(0, ...this.#maxima);
  }
}

function readActivity(): LoopActivity {
  const { active } = performance.eventLoopUtilization();
  return { busyMs: active, turns: performance.nodeTiming.uvMetricsInfo.loopCount };
}

/** Returns the lag. The histogram has the time between two wake-ups, and the time beyond the resolution is lag. */
function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
}
