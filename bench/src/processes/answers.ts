/** A port for a process, and the wait until the process answers there. */
import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 5;
const patienceMs = 60_000;

/** Resolves with the first successful reply. */
export async function answered(url: string, withinMs = patienceMs): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await sleep(everyMs);
  }
  throw new Error(`expected an answer of ${url} within ${withinMs} ms, got none`);
}
