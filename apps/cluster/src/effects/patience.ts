/** Waiting that keeps the process alive: who asks from outside has nothing else to do. */
import { setTimeout as wait } from "node:timers/promises";

const lookMs = 100;

/** Looks until there is something, at most so long. Undefined when the time is over. */
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

/** What a member answers over HTTP, if it does within two seconds. */
export function asked(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) });
}
