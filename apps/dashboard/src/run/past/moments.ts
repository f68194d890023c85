/** The slider over the history: where events lie in time, how dense they are, and how play goes along them. */
import type { EventFacts } from "../model/facts.ts";

/** How many events fall into each of equal parts of the time from the first to the last. */
export function densityOf(events: readonly Pick<EventFacts, "timeMs">[], parts: number): readonly number[] {
  const counts = new Array<number>(parts).fill(0);
  const fromMs = events[0]?.timeMs ?? 0;
  const toMs = events.at(-1)?.timeMs ?? 0;
  for (const { timeMs } of events) {
    const share = toMs > fromMs ? (timeMs - fromMs) / (toMs - fromMs) : 0;
    const part = Math.min(parts - 1, Math.max(0, Math.floor(share * parts)));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

/** Number of the last event that had happened by then; 0 when none had. */
export function eventAt(events: readonly Pick<EventFacts, "timeMs">[], atMs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.timeMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How long a replay takes, however long the run did. */
const replayMs = 12_000;
const framesPerSec = 20;

/** The event that a replay shows next: evenly along the events, because a run that waited for a day is no film. */
export function nextOfReplay(event: number, total: number): number {
  const perFrame = Math.max(1, Math.ceil(total / ((replayMs / 1_000) * framesPerSec)));
  return Math.min(total, event + perFrame);
}

/** Between two pictures: short histories are not shown faster than a person sees. */
export function pauseOfReplay(total: number): number {
  return Math.min(400, Math.max(1_000 / framesPerSec, replayMs / Math.max(1, total)));
}
