/** Duration and progress of a run, mission or session, for all commands. */

import type { TaskCounts } from "@tutti/rest/types";
import { printDurationMs } from "./time.ts";

interface Timed {
  readonly createTimeMs?: number;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
}

/** Returns the first start. A retry sets `startTimeMs` again, and entries of lists have only `createTimeMs`. */
export function startOf({ createTimeMs, startTimeMs }: Timed): number | undefined {
  return createTimeMs ?? startTimeMs;
}

/** Returns the time from the first start to the end, or until now. Undefined: not started. */
export function durationOf(timed: Timed, nowMs: number): number | undefined {
  const startMs = startOf(timed);
  return startMs === undefined ? undefined : Math.max(0, (timed.endTimeMs ?? nowMs) - startMs);
}

/** Returns the duration in words: `1 min 56 s`. Empty: not started. */
export function printLasted(timed: Timed, nowMs: number): string {
  const lastedMs = durationOf(timed, nowMs);
  return lastedMs === undefined ? "" : printDurationMs(lastedMs);
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** `5/6`. Empty without tasks. */
  readonly text: string;
}

/** Counts the completed tasks. Skipped tasks count as done, except after a failure, which may have caused the skips. */
export function progressOf(counts: TaskCounts | undefined): Progress {
  const { completed = 0, failed = 0, skipped = 0, total = 0 } = counts ?? {};
  const done = failed > 0 ? completed : completed + skipped;
  return { done, total, text: total === 0 ? "" : `${done}/${total}` };
}
