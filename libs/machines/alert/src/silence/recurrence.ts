/**
 * Maintenance windows that recur: a silence that starts at the times of a cron rule.
 *
 * 1. The state has one window of a silence, the current or next one. When it ends, the silence gets the next one.
 * 2. Time zone data changes with releases of Node. Only decisions use it. Events contain their outcome.
 */
import type { KeptRecurrence } from "@tutti/contracts/insight/v1";
import { PlannedTiming } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { previewTimes, timingProblem } from "@tutti/machine-schedule";
import { recurrenceMaxMs, recurrenceMinMs } from "../limits.ts";

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Returns the problem of a recurrence, in words. Empty if there is none. */
export function recurrenceProblem(recurrence: ReadOnly<KeptRecurrence>): string {
  const { durationMs } = recurrence;
  if (!(durationMs >= recurrenceMinMs && durationMs <= recurrenceMaxMs))
    return `\`recurrence.durationMs\`: expected ${recurrenceMinMs} to ${recurrenceMaxMs}, got ${durationMs}`;
  const problem = timingProblem(timingOf(recurrence));
  return problem === undefined ? "" : `\`recurrence\`: ${problem}`;
}

/** Returns the window at a moment, otherwise the next one. Undefined if there is none. */
export function windowAt(recurrence: ReadOnly<KeptRecurrence>, atMs: number): Window | undefined {
  const { durationMs } = recurrence;
  // A window that has started counts.
  const [fromMs] = previewTimes(timingOf(recurrence), atMs - durationMs, 1);
  return fromMs === undefined ? undefined : { fromMs, toMs: fromMs + durationMs };
}

function timingOf({ cron, timeZone, endMs }: ReadOnly<KeptRecurrence>) {
  return PlannedTiming.fromPartial({ rules: [{ cron }], untilMs: endMs, timeZone });
}
