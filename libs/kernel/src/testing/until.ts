import { setTimeout as pause } from "node:timers/promises";
import { runningTime } from "./running-time.ts";

/** Longer than what is waited for ever takes, on the slowest machine: it is when a test gives up, not what it asserts. */
const deadlineMs = 60_000;
/**
 * What needs nothing but turns of the event loop is seen at once, and what takes long is not asked for all the time:
 * in real time each question takes time from the work that is waited for.
 */
const pauseMsMax = { virtual: 20, real: 100 };

/**
 * Asks again and again until the answer will do, for what can only be seen from outside by asking. Its pauses are of
 * the time that runs, virtual or real. Past the deadline, which is real, the error shows the last answer.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  willDo: (answer: T) => boolean = Boolean,
): Promise<Exclude<T, false | null | undefined>> {
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = 0; ; pauseMs++) {
    const answer = await ask();
    if (willDo(answer)) return answer as Exclude<T, false | null | undefined>;
    if (performance.now() > endMs)
      throw new Error(
        `waited ${deadlineMs} ms for ${what}; the last answer was ${JSON.stringify(answer, null, 2)}`,
      );
    const time = runningTime();
    await (time?.moved(Math.min(pauseMs, pauseMsMax.virtual)) ?? pause(Math.min(pauseMs, pauseMsMax.real)));
  }
}

/** The outcome of work that is repeated as long as it fails with an error that passes. */
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
