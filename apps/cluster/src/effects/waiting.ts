/** Waits that keep the process alive, for commands without other activity. */
import { setTimeout as wait } from "node:timers/promises";

const pollMs = 100;

/** Polls until there is a result. Undefined after `withinMs`. */
export async function pollFor<Found>(
  poll: () => Promise<Found | undefined>,
  withinMs: number,
): Promise<Found | undefined> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await poll();
    if (found !== undefined || performance.now() > untilMs) return found;
    await wait(pollMs);
  }
}

/** Requests a URL of a member, with a timeout of two seconds. */
export function requestTo(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) });
}
