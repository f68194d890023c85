/** A pending callback. Cancelling one that has fired, or was cancelled before, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Delayed callbacks, so that the same code runs under real and under simulated time. */
export interface Timers {
  /** Calls back once after at least `delayMs`. The timer alone does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back every `periodMs` until cancelled. A late callback is not made up for. */
  every(periodMs: number, callback: () => void): Timer;
}

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, callback) {
    const handle = setInterval(callback, periodMs).unref();
    return { cancel: () => clearInterval(handle) };
  },
};

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
