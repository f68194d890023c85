/** Refusals that several nouns share. Each function returns the refusal, or undefined. */
import type { SchedulePlan } from "@tutti/contracts/workflow/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { scheduleErrors } from "./errors.ts";
import { labelsMax, runBytesMax, textLengthMax } from "./limits.ts";
import type { ScheduleView } from "./state.ts";
import { timingProblem } from "./timing/problem.ts";

/** Refuses if the schedule does not exist or has ended. */
export function notThere({ status }: ScheduleView, id: string): Refusal | undefined {
  return status === "absent" || status === "removed" ? scheduleErrors.missing.refusal({ id }) : undefined;
}

export function notAPlan(plan: ReadOnly<SchedulePlan> | undefined): Refusal | undefined {
  const problem = planProblem(plan);
  return problem === undefined ? undefined : scheduleErrors.planInvalid.refusal({ problem });
}

function planProblem(plan: ReadOnly<SchedulePlan> | undefined): string | undefined {
  if (plan?.timing === undefined) return "expected a timing, got none";
  const { catchUpMs, labels, description, run } = plan;
  if (!(Number.isFinite(catchUpMs) && catchUpMs >= 0))
    return `expected a catch-up window from 0 ms on, got ${catchUpMs}`;
  if (run.length < 1 || run.length > runBytesMax)
    return `expected the start request in 1 to ${runBytesMax} bytes, got ${run.length}`;
  if (description.length > textLengthMax)
    return `expected a description of at most ${textLengthMax} characters, got ${description.length}`;
  const count = Object.keys(labels).length;
  if (count > labelsMax) return `expected at most ${labelsMax} labels, got ${count}`;
  // The cast is safe: the value is only read.
  return timingProblem(plan.timing as Parameters<typeof timingProblem>[0]);
}
