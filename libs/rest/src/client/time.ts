/** Time and chance of external callers: the one place of the client that knows the real ones. */
import type { Chance, Timers } from "@tutti/kernel";

export interface ClientTime {
  after: Timers["after"];
  random: Chance["random"];
}

/** A browser's and Node's own. */
export const systemTime: ClientTime = {
  after(delayMs, callback) {
    const handle: unknown = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle as Parameters<typeof clearTimeout>[0]) };
  },
  random: () => Math.random(),
};

/** Returns the system's own, which does not keep a process alive. */
export function abortedAfter(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** Resolves when the time is over or the signal aborted, whichever is first. */
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
