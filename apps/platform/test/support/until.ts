import { setTimeout as pause } from "node:timers/promises";
import { deadlineMs } from "./process.ts";

/**
 * Asks again and again until the answer will do, for what can only be seen from outside by asking. Past the deadline
 * the error shows the last answer.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  willDo: (answer: T) => boolean = Boolean,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (willDo(answer)) return answer;
    if (performance.now() > endMs)
      throw new Error(
        `waited ${deadlineMs} ms for ${what}; the last answer was ${JSON.stringify(answer, null, 2)}`,
      );
    await pause(20);
  }
}
