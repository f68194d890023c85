/** The slider over the history: positions of events, important events, and the steps of a replay. */
import type { EventFacts } from "@tutti/rest/history";

/** The important event in a part of a history: the one that a user looks for first. */
export type Mark = "" | "begun" | "done" | "again" | "held" | "wrong";

const rank: Readonly<Record<Mark, number>> = { "": 0, begun: 1, done: 2, again: 3, held: 4, wrong: 5 };

function markOf(type: string): Mark {
  if (/^(task_failed|run_failed|undo_failed|run_terminated)$/.test(type)) return "wrong";
  if (/^(approval_|run_paused|task_paused|run_stopped)/.test(type)) return "held";
  if (/^(attempt_failed|offer_returned|work_sent_back|run_retried|run_reset)$/.test(type)) return "again";
  if (/_(completed|taken|decided)$/.test(type)) return "done";
  return "begun";
}

/** Returns a history in equal parts, event by event: the most important event in each. */
export function marksOf(
  events: readonly Pick<EventFacts, "type">[],
  total: number,
  parts: number,
): readonly Mark[] {
  const marks = new Array<Mark>(parts).fill("");
  for (const [place, { type }] of events.entries()) {
    const part = Math.min(parts - 1, Math.floor((place * parts) / Math.max(1, total)));
    const mark = markOf(type);
    if (rank[mark] > rank[marks[part] ?? ""]) marks[part] = mark;
  }
  return marks;
}

/** Number of the last event that had happened by then. 0 when none had. */
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
