/** Waits that keep the process alive, for commands without other activity. */
import { setTimeout as wait } from "node:timers/promises";

const lookMs = 100;

/** Polls until there is a result. Undefined after `withinMs`. */
export async function lookedFor<Found>(
  look: () => Promise<Found | undefined>,
  withinMs: number,
): Promise<Found | undefined> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > untilMs) return found;
    await wait(lookMs);
  }
}

/** Requests a URL of a member, with a timeout of two seconds. */
export function requestTo(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) });
}
