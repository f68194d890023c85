import type { EventFacts } from "./event.ts";

/** Returns events for tests, 10 ms apart, from 1,000 ms on. */
export function events(
  ...entries: readonly (readonly [type: string, task?: string, details?: object])[]
): EventFacts[] {
  return entries.map(([type, about = "", details = {}], place) => ({
    number: place + 1,
    timeMs: 1_000 + place * 10,
    type,
    task: about,
    actor: undefined,
    details: details as EventFacts["details"],
  }));
}
