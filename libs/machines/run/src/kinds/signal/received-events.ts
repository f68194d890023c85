/**
 * Events that tasks of a run received. An event counts once: the log delivers it again after a crash, and to
 * each further task that waits for its type.
 */
import type { RunEventMark } from "@tutti/contracts/workflow/v1";
import { eventsSeenMax } from "../../core/state/limits.ts";
import type { RunMore, RunView } from "../../core/state/state.ts";

/** For folds. The time of a forgotten event bounds the events that are accepted from then on. */
export function rememberEvent(more: RunMore, { digest, timeMs }: Omit<RunEventMark, "taskId">): void {
  more.events ??= new Map();
  const { events } = more;
  events.set(digest, timeMs);
  if (events.size <= eventsSeenMax) return;
  const [first] = events;
  if (first === undefined) return;
  events.delete(first[0]);
  more.eventsFromMs = Math.max(more.eventsFromMs, first[1]);
}

export function isReceived({ more }: RunView, { digest, timeMs }: Omit<RunEventMark, "taskId">): boolean {
  return more !== undefined && (more.events?.has(digest) === true || timeMs <= more.eventsFromMs);
}
