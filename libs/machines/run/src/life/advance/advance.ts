/**
 * Advances a run after every event: starts tasks that can start, and ends owners whose tasks have ended.
 * Every step of a run calls this at its end, so that nothing that can continue waits. Exceptions are a paused
 * run, and a step that has reached its limit.
 */

import { type ErrorDetail, TaskStatus, type WorkStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import { detailOfRefusal, StepBudget, stepPauseMs } from "@tutti/machine-work";
import { compensateNext } from "../../core/attempt/compensation.ts";
import { failForGood } from "../../core/attempt/outcome.ts";
import { evaluateCondition } from "../../core/evaluate/evaluate.ts";
import { describeBudget, expectedOf, isShortFor, mayBeReturned } from "../../core/node/budget.ts";
import { taskSkipped } from "../../core/node/events.ts";
import { idOf, type Place, placeOf, sceneOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { partsOf } from "../../core/state/places.ts";
import { isUndone, type RunStep, type RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { stopAllChildren, stopChildrenIn } from "../../kinds/child/stopping.ts";
import { startEntries, startNextEntries } from "../../kinds/entries/entries.ts";
import { kindOf } from "../../kinds/table.ts";
import { conclude, finishStopped } from "../run/end.ts";
import { runBegun, runPutOff, runStopped } from "../run/events.ts";
import { stepStates } from "../states/step.ts";

/** @param budget budget of a step that continues an earlier one */
export function advance(run: RunView, step: RunStep, budget = new StepBudget()): void {
  if (run.pauseMs > 0 || run.putOffMs > 0) return;
  while (!budget.isSpent) if (!next(run, step, budget)) return;
  if (hasMore(run)) step.emit(runPutOff, { untilMs: step.nowMs + stepPauseMs });
}

/** Executes the next action. False if there is none. */
function next(run: RunView, step: RunStep, budget: StepBudget): boolean {
  if (run.phase === RunPhase.RUN_PHASE_GOING) {
    const number = run.agenda[run.agendaAt];
    if (number !== undefined) {
      budget.count();
      return handleNext(placeOf(run, number, step, budget));
    }
    if (run.plan?.plan.kind === "states") return stepStates({ run, step, budget });
    if (run.remaining > 0 || run.alone > 0) return false;
    budget.count();
    conclude(run, step);
    return true;
  }
  if (run.phase !== RunPhase.RUN_PHASE_UNDOING || run.undoing >= 0) return false;
  const last = isUndone(run) ? run.undo.at(-1) : undefined;
  // A detached child must have started before its parent ends, and before its task is undone.
  if (last === undefined ? run.alone > 0 : stateOfKind(run.nodes[last], "child")?.startsAlone === true)
    return false;
  budget.count();
  if (last === undefined) finishStopped(run, step);
  else compensateNext(placeOf(run, last, step, budget));
  return last !== undefined;
}

function hasMore(run: RunView): boolean {
  if (run.phase === RunPhase.RUN_PHASE_UNDOING) return run.undoing < 0;
  return run.phase === RunPhase.RUN_PHASE_GOING && (run.agendaAt < run.agenda.length || run.remaining === 0);
}

/**
 * Handles the first node of the agenda. False if it waits for a part of the budget. No cheaper node behind it
 * overtakes it.
 */
function handleNext(place: Place): boolean {
  const { run, number, task } = place;
  const node = run.nodes[number];
  if (node === undefined || node.status === TaskStatus.TASK_STATUS_PENDING) return startNode(place);
  if (node.status !== TaskStatus.TASK_STATUS_HELD) return handleParts(place);
  return whenPaid(place, () => kindOf(task.kind).retry?.(place));
}

function handleParts(place: Place): boolean {
  const { run, step, number, task, budget } = place;
  const range = partsOf(run, run.nodes[number]);
  if (range === undefined || !range.isEntries) {
    kindOf(task.kind).partsEnded?.(place);
    return true;
  }
  const { failFast } = place.range.plan.policy(task);
  if (failFast && range.failed >= 0 && range.remaining > 0)
    stopChildrenIn(run, step, budget, range, "cancel");
  return startNextEntries(place, range, (entry) => startNode(placeOf(run, entry, step, budget)));
}

/** Starts a node whose needs are met, or the next entry. False if it waits for a part of the budget. */
function startNode(place: Place): boolean {
  const { range, task, step, number } = place;
  const isList = task.forEach >= 0 && !range.isEntries;
  // A condition that reads the entry is evaluated for each entry. Any other condition decides for the whole
  // list.
  if (task.when >= 0 && (!isList || !range.plan.isEvaluatedPerEntry(task.when))) {
    const isEvaluatedBefore = range.isEntries && !range.plan.isEvaluatedPerEntry(task.when);
    const condition = isEvaluatedBefore
      ? trueResult
      : evaluateCondition(sceneOf(place), task.when, `\`when\` of ${idOf(place)}`);
    if (!condition.ok) {
      failForGood(place, condition.error);
      return true;
    }
    if (!condition.value) {
      step.emit(taskSkipped, { node: number, endMs: step.nowMs });
      return true;
    }
  }
  if (!isList) return whenPaid(place, () => kindOf(task.kind).start(place));
  startEntries(place);
  return true;
}

/** Returns whether a kind of task may use a budget. */
function isPaid(kind: string): boolean {
  return kind === "uses" || kind === "function" || kind === "workflow" || kind === "mission";
}

/**
 * Continues if enough of the budget is left for the task. Fails the task if no reserved amount can be
 * returned.
 */
function whenPaid(place: Place, proceed: () => void): boolean {
  const { run, step, task } = place;
  if (!isPaid(task.kind) || !isShortFor(place)) proceed();
  else if (mayBeReturned(run)) return false;
  else {
    const amounts = describeBudget(run, expectedOf(place));
    const refusal = runErrors.budgetUsedUp.refusal({ id: step.key.id, task: idOf(place), ...amounts });
    failForGood(place, detailOfRefusal(refusal));
  }
  return true;
}

const trueResult = { ok: true, value: true } as const;

/** Starts the run: its start is due, or its limits are held. */
export function startNow(run: RunView, step: RunStep): void {
  if (run.phase !== RunPhase.RUN_PHASE_WAITING) return;
  step.emit(runBegun, { beginMs: step.nowMs });
  advance(run, step);
}

/** Stops open tasks, undoes effects if required, and ends the run. */
export function stopRun(
  run: RunView,
  step: RunStep,
  status: WorkStatus,
  error: ErrorDetail,
  noCompensate = false,
): void {
  stopAllChildren(run, step, new StepBudget(), noCompensate ? "leave" : "cancel");
  step.emit(runStopped, { status, error, stopMs: step.nowMs, noCompensate });
  advance(run, step);
}
