/**
 * Adds tasks from outside, withdraws tasks that are executed elsewhere, and ends tasks with the outcomes from
 * there.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import {
  AddTasks,
  BringInOutcomes,
  OutcomesBroughtIn,
  RunPhase,
  TasksAdded,
  TasksWithdrawn,
  WithdrawTasks,
} from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { bounded, dataOfPayload, reasonOf, StepBudget } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { taskSkipped } from "../../core/node/events.ts";
import { type Place, placeOf } from "../../core/node/task-kind.ts";
import { readPlan } from "../../core/plan/plan-of.ts";
import type { RunPlan } from "../../core/plan/run-plan.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { findNode, rangeViewOf, statusOfNode, taskOf } from "../../core/state/places.ts";
import type { RunCommand, RunView } from "../../core/state/state.ts";
import { life } from "../../core/state/work-life.ts";
import { runErrors } from "../../errors.ts";
import { addable } from "../../kinds/spawn/check.ts";
import { tasksAdded, tasksWithdrawn } from "../../kinds/spawn/events.ts";
import { advance } from "../advance/advance.ts";

const { TASK_STATUS_PENDING: pending, TASK_STATUS_WAITING: waiting } = TaskStatus;

/** The caller made their plan. Here it is checked again. */
export const addTasks: RunCommand<AddTasks, TasksAdded> = {
  type: "add_tasks",
  codec: AddTasks,
  reply: TasksAdded,
  decide(run, { plan: bytes, parentTaskId: parent, reason }, step) {
    const over = life.refusalIfEnded(run, step);
    if (over !== undefined) return over;
    const plan = planIn(bytes);
    if (isRefusal(plan)) return plan;
    const owner = ownerOf(run, parent);
    if (isRefusal(owner)) return owner;
    const checked = addable(run, plan, owner, parent || step.key.id);
    if (isRefusal(checked)) return checked;
    step.emit(tasksAdded, {
      plan: bytes,
      outside: [...checked.outside],
      reason: reasonOf(reason),
      addMs: step.nowMs,
      at: [],
      node: owner < 0 ? undefined : owner,
    });
    advance(run, step);
    return { total: run.nodeCount };
  },
};

function planIn(bytes: Uint8Array): RunPlan | Refusal {
  try {
    const plan = readPlan(bytes);
    if (Array.isArray(plan.plan.tasks) && Array.isArray(plan.plan.scopes)) return plan;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  const problem = "expected the plan of checked tasks, got something else";
  return runErrors.additionInvalid.refusal({ task: "the run", problem });
}

/** Returns the owner of the tasks. -1 for the run itself. */
function ownerOf(run: RunView, parent: string): number | Refusal {
  const refusal = (problem: string) =>
    runErrors.additionInvalid.refusal({ task: parent || run.key.id, problem });
  if (run.phase === RunPhase.RUN_PHASE_UNDOING) return refusal("expected a running run, but it is stopped");
  if (parent === "")
    return run.plan?.plan.kind === "states" ? refusal("a run of states has no tasks of its own") : -1;
  const number = findNode(run, parent);
  if (number === undefined) return runErrors.taskMissing.refusal({ id: run.key.id, task: parent });
  const isSpawn = taskOf(rangeViewOf(run, number), number).kind === "spawn";
  if (
    isSpawn &&
    statusOfNode(run, number) === waiting &&
    (stateOfKind(run.nodes[number], "spawn")?.parts ?? 0) > 0
  )
    return number;
  return refusal("expected a task of the kind spawn that has not ended, got otherwise");
}

/** Tasks that have started stay. */
export const withdrawTasks: RunCommand<WithdrawTasks, TasksWithdrawn> = {
  type: "withdraw_tasks",
  codec: WithdrawTasks,
  reply: TasksWithdrawn,
  decide(run, { taskIds, reason }, step) {
    const over = life.refusalIfEnded(run, step);
    if (over !== undefined) return over;
    const nodes = new Set<number>();
    const withdrawnTaskIds: string[] = [];
    const begunTaskIds: string[] = [];
    for (const task of taskIds) {
      const number = findNode(run, task);
      if (number === undefined) return runErrors.taskMissing.refusal({ id: step.key.id, task });
      const range = rangeViewOf(run, number);
      const isOut = run.nodes[number]?.more?.isWithdrawn === true;
      if (statusOfNode(run, number) !== pending || range.isEntries) begunTaskIds.push(task);
      else {
        withdrawnTaskIds.push(task);
        if (!isOut) nodes.add(number);
      }
    }
    if (nodes.size > 0) step.emit(tasksWithdrawn, { nodes: [...nodes], reason: reasonOf(reason) });
    advance(run, step);
    return { withdrawnTaskIds, begunTaskIds };
  },
};

/** Each task ends with its outcome from elsewhere. The run continues from there. */
export const bringInOutcomes: RunCommand<BringInOutcomes, OutcomesBroughtIn> = {
  type: "bring_in_outcomes",
  codec: BringInOutcomes,
  reply: OutcomesBroughtIn,
  decide(run, { outcomes }, step) {
    const over = life.refusalIfEnded(run, step);
    if (over !== undefined) return over;
    const refusedTaskIds: string[] = [];
    for (const each of outcomes) {
      const number = findNode(run, each.taskId) ?? -1;
      const isOut = run.nodes[number]?.more?.isWithdrawn === true && run.nodes[number]?.status === pending;
      const isAccepted = isOut && applyOutcome(placeOf(run, number, step, new StepBudget()), each);
      if (!isAccepted) refusedTaskIds.push(each.taskId);
    }
    advance(run, step);
    return { refusedTaskIds };
  },
};

function applyOutcome(place: Place, { outcome, used }: BringInOutcomes["outcomes"][number]): boolean {
  const result = outcome?.result;
  switch (result?.$case) {
    case "completed":
      complete(place, dataOfPayload(result.value), { used });
      return true;
    // The task has not failed: dependent tasks are skipped with it.
    case "cancelled":
      place.step.emit(taskSkipped, { node: place.number, endMs: place.step.nowMs });
      return true;
    case "failed":
    case "terminated":
      failForGood(place, bounded(result.value), { used });
      return true;
    default:
      return false;
  }
}
