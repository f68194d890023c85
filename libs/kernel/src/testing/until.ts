import { setTimeout as pause } from "node:timers/promises";
import { runningTime } from "./running-time.ts";

/** Longer than any awaited condition takes on the slowest machine: a test gives up then, but does not assert it. */
const deadlineMs = 120_000;
/**
 * A condition that needs only turns of the event loop is noticed at once. A slow one is not polled all the time,
 * because in real time each poll takes time from the awaited work.
 */
const pauseMsMax = { virtual: 20, real: 100 };

/**
 * Polls until the answer is accepted, for conditions without a notification. Its pauses use the running time, virtual
 * or real. The deadline is real, and its error contains the last answer.
 */
export async function until<T>(
  label: string,
  poll: () => T | Promise<T>,
  isAccepted: (answer: T) => boolean = Boolean,
): Promise<Exclude<T, false | null | undefined>> {
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = 0; ; pauseMs++) {
    const answer = await poll();
    if (isAccepted(answer)) return answer as Exclude<T, false | null | undefined>;
    if (performance.now() > endMs)
      throw new Error(
        `waited ${deadlineMs} ms for ${label}; the last answer was ${JSON.stringify(answer, null, 2)}`,
      );
    const time = runningTime();
    await (time?.moved(Math.min(pauseMs, pauseMsMax.virtual)) ?? pause(Math.min(pauseMs, pauseMsMax.real)));
  }
}

/** Returns the outcome of work that is repeated while it fails with a temporary error. */
export async function eventually<T>(
  work: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
): Promise<T> {
  const attempt = async () => {
    try {
      return { outcome: await work() };
    } catch (error) {
      if (!isPassing(error)) throw error;
      return String(error);
    }
  };
  const done = await until("work that fails", attempt, (found) => typeof found !== "string");
  return (done as { readonly outcome: T }).outcome;
}
