/** Clock and random numbers of external callers: the only place of the client that uses the real ones. */
import type { Chance, Timers } from "@tutti/kernel";

export interface ClientTime {
  after: Timers["after"];
  random: Chance["random"];
}

/** The timers of browser or Node. */
export const systemTime: ClientTime = {
  after(delayMs, callback) {
    const handle: unknown = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle as Parameters<typeof clearTimeout>[0]) };
  },
  random: () => Math.random(),
};

/** Returns a signal of the system, which does not keep a process alive. */
export function abortedAfter(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** Resolves after the time or when the signal aborts, whichever is first. */
export function pauseFor({ after }: ClientTime, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = after(ms, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
