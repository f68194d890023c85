/**
 * Maintenance windows that recur: a silence that starts at the times of a cron rule.
 *
 * 1. The state has one time of a silence, the current or next one. When that is over, the silence gets the next.
 * 2. What is known of time zones changes with releases of Node. Only decisions use it. Events have their outcome.
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

/** What is wrong with a recurrence, in words. Empty when it is sound. */
export function recurrenceProblem(recurrence: ReadOnly<KeptRecurrence>): string {
  const { durationMs } = recurrence;
  if (!(durationMs >= recurrenceMinMs && durationMs <= recurrenceMaxMs))
    return `\`recurrence.durationMs\`: expected ${recurrenceMinMs} to ${recurrenceMaxMs}, got ${durationMs}`;
  const problem = timingProblem(timingOf(recurrence));
  return problem === undefined ? "" : `\`recurrence\`: ${problem}`;
}

/** The window at a moment, otherwise the next one. Undefined if there is none any more. */
export function windowAt(recurrence: ReadOnly<KeptRecurrence>, atMs: number): Window | undefined {
  const { durationMs } = recurrence;
  // One that has started counts.
  const [fromMs] = previewTimes(timingOf(recurrence), atMs - durationMs, 1);
  return fromMs === undefined ? undefined : { fromMs, toMs: fromMs + durationMs };
}

function timingOf({ cron, timeZone, endMs }: ReadOnly<KeptRecurrence>) {
  return PlannedTiming.fromPartial({ rules: [{ cron }], untilMs: endMs, timeZone });
}
