import { everyAligned } from "./aligned-ticks.ts";

/** A pending callback. Cancelling it again, or after it has fired, has no effect. */
export interface Timer {
  cancel(): void;
}

/** Delayed callbacks, so that the same code runs under real and under simulated time. */
export interface Timers {
  /** Calls back once after at least `delayMs`. The timer alone does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back every `periodMs` until cancelled. Missed calls are not repeated. */
  every(periodMs: number, callback: () => void): Timer;
}

/** Maximum of Node's timers, 24.8 days. A longer one would fire at once. */
const timeoutMaxMs = 2 ** 31 - 1;
/** Periods of this length share their wake-ups. */
const alignedMs = { least: 250, most: 60_000 };

export const systemTimers: Timers = {
  after(delayMs, callback) {
    if (delayMs > timeoutMaxMs) return inParts(delayMs, callback);
    const handle = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, callback) {
    if (!(periodMs > 0 && periodMs <= timeoutMaxMs)) {
      throw new RangeError(`expected a period above 0 and up to ${timeoutMaxMs} ms, got ${periodMs}`);
    }
    if (periodMs >= alignedMs.least && periodMs <= alignedMs.most)
      return { cancel: everyAligned(periodMs, callback) };
    const handle = setInterval(callback, periodMs).unref();
    return { cancel: () => clearInterval(handle) };
  },
};

let holders = 0;
let interval: ReturnType<typeof setInterval> | undefined;

/** Keeps the process alive until the returned function is called: timers of this port do not. */
export function keepAlive(): () => void {
  if (++holders === 1) interval = setInterval(() => {}, timeoutMaxMs);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (--holders === 0) clearInterval(interval);
  };
}

function inParts(delayMs: number, callback: () => void): Timer {
  const startNextPart = (): Timer => systemTimers.after(delayMs - timeoutMaxMs, callback);
  let part = systemTimers.after(timeoutMaxMs, () => {
    part = startNextPart();
  });
  return { cancel: () => part.cancel() };
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stopWaiting = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = timers.after(delayMs, () => {
      signal?.removeEventListener("abort", stopWaiting);
      resolve();
    });
    signal?.addEventListener("abort", stopWaiting, { once: true });
  });
}
