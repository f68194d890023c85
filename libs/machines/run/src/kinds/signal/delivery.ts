/** Matches signals and waiting tasks. */
import type { RunSignal } from "@tutti/contracts/workflow/v1";
import type { Work } from "@tutti/definitions";
import type { ReadOnly } from "@tutti/kernel";
import { dataOfPayload, parsed, type StepBudget, UnreadableData } from "@tutti/machine-work";
import { evaluateCondition } from "../../core/evaluate/evaluate.ts";
import { type Place, placeOf, sceneOf } from "../../core/node/task-kind.ts";
import type { RunStep, RunView } from "../../core/state/state.ts";
import { signalTaken } from "./events.ts";
import { waitersOf } from "./waiting.ts";

/** Gives the oldest kept signal that matches to a task that starts to wait. */
export function consumeBufferedSignal(place: Place, signal: string, condition: number): boolean {
  const { run, step, number, budget } = place;
  for (const buffered of run.more?.signals ?? []) {
    if (buffered.signal !== signal || !matchesCondition(place, buffered, condition)) continue;
    budget.transitions = 0;
    step.emit(signalTaken, { node: number, number: buffered.number, takeMs: step.nowMs });
    return true;
  }
  return false;
}

/** Gives a new signal to the matching task that has waited longest. */
export function deliverToWaiting(run: RunView, buffered: RunSignal, step: RunStep, budget: StepBudget): void {
  const node = waiterFor(run, buffered, step, budget);
  if (node !== undefined) step.emit(signalTaken, { node, number: buffered.number, takeMs: step.nowMs });
}

/** Returns the task that would receive a signal now. */
export function waiterFor(
  run: RunView,
  buffered: RunSignal,
  step: RunStep,
  budget: StepBudget,
): number | undefined {
  return waitersOf(run, buffered.signal).find((number) => {
    const place = placeOf(run, number, step, budget);
    const condition = conditionOf(place.range.plan.work(place.task));
    return condition !== undefined && matchesCondition(place, buffered, condition);
  });
}

/** Returns the condition. Undefined for a task that waits for neither a signal nor an event. */
function conditionOf(work: Work): number | undefined {
  if (work.kind === "waitSignal") return work.where;
  return work.kind === "waitEvent" ? work.condition : undefined;
}

/**
 * Returns whether a signal satisfies the condition. A signal that the condition cannot be evaluated for does
 * not.
 */
export function matchesCondition(
  place: Place,
  { payload, event }: ReadOnly<RunSignal>,
  condition: number,
): boolean {
  if (condition < 0) return true;
  try {
    const value = parsed(dataOfPayload(payload as RunSignal["payload"]));
    const names = event === undefined ? { signal: { payload: value } } : { event: value };
    const result = evaluateCondition(
      { ...sceneOf(place), names },
      condition,
      event === undefined ? "`where`" : "`if`",
    );
    return result.ok && result.value;
  } catch (error) {
    if (error instanceof UnreadableData) return false;
    throw error;
  }
}
