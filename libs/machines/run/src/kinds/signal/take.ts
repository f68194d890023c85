/** Matches signals and waiting tasks. */
import type { RunSignal } from "@tutti/contracts/workflow/v1";
import type { Work } from "@tutti/definitions";
import type { ReadOnly } from "@tutti/kernel";
import { dataOfPayload, parsed, type StepBudget, UnreadableData } from "@tutti/machine-work";
import { holds } from "../../core/evaluate/evaluate.ts";
import { type Place, placeOf, sceneOf } from "../../core/node/task-kind.ts";
import type { RunStep, RunView } from "../../core/state/state.ts";
import { signalTaken } from "./events.ts";
import { waitersOf } from "./waiting.ts";

/** Gives the oldest kept signal that matches to a task that starts to wait. */
export function consumeKeptSignal(place: Place, signal: string, where: number): boolean {
  const { run, step, number, budget } = place;
  for (const kept of run.more?.signals ?? []) {
    if (kept.signal !== signal || !isWanted(place, kept, where)) continue;
    budget.transitions = 0;
    step.emit(signalTaken, { node: number, number: kept.number, takeMs: step.nowMs });
    return true;
  }
  return false;
}

/** Gives a new signal to the matching task that has waited longest. */
export function deliverToWaiting(run: RunView, kept: RunSignal, step: RunStep, budget: StepBudget): void {
  const node = waiterFor(run, kept, step, budget);
  if (node !== undefined) step.emit(signalTaken, { node, number: kept.number, takeMs: step.nowMs });
}

/** Returns the task that would receive a signal now. */
export function waiterFor(
  run: RunView,
  kept: RunSignal,
  step: RunStep,
  budget: StepBudget,
): number | undefined {
  return waitersOf(run, kept.signal).find((number) => {
    const place = placeOf(run, number, step, budget);
    const wanted = conditionOf(place.range.plan.work(place.task));
    return wanted !== undefined && isWanted(place, kept, wanted);
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
export function isWanted(place: Place, { payload, event }: ReadOnly<RunSignal>, where: number): boolean {
  if (where < 0) return true;
  try {
    const value = parsed(dataOfPayload(payload as RunSignal["payload"]));
    const names = event === undefined ? { signal: { payload: value } } : { event: value };
    const held = holds({ ...sceneOf(place), names }, where, event === undefined ? "`where`" : "`if`");
    return held.ok && held.value;
  } catch (error) {
    if (error instanceof UnreadableData) return false;
    throw error;
  }
}
