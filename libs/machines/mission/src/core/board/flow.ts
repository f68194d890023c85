/** Consequences of the end of a task: for its followers, its parts, and the delegating task. For folds. */
import { NeedCondition, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import { isDone, subtract } from "@tutti/machine-work";
import { releaseAll, releaseUnused } from "../budget/accounting.ts";
import { reservationTimer, taskTimers, timerNumber } from "../state/numbers.ts";
import {
  hasRunningAttempt,
  isChild,
  type Mission,
  type MissionOutstanding,
  type Task,
} from "../state/state.ts";
import { recountGang } from "./gang.ts";
import { isAwaited, makeReady, release, removeFromPlace, setStatus, taskOf } from "./nodes.ts";

const { TASK_STATUS_COMPLETED: completed, TASK_STATUS_FAILED: failed } = TaskStatus;
const { TASK_STATUS_SKIPPED: skipped, TASK_STATUS_CANCELLED: cancelled } = TaskStatus;

/** Applies all consequences of the end of a task. */
export function end(
  mission: Mission,
  task: Task,
  status: TaskStatus,
  endMs: number,
  outstanding: MissionOutstanding,
): void {
  const ended: Task[] = [];
  endTask(mission, task, status, endMs, outstanding, ended);
  // Skipped tasks may have followers and parts of their own. No recursion, so that a long chain does not
  // overflow the stack.
  for (let task = ended.pop(); task !== undefined; task = ended.pop()) {
    notifyFollowers(mission, task, endMs, outstanding, ended);
    for (const number of task.parts ?? []) {
      const part = taskOf(mission, number);
      if (isDone(part.status)) continue;
      part.reason = `${task.spec.id} has ended`;
      endTask(mission, part, cancelled, endMs, outstanding, ended);
    }
  }
}

function endTask(
  mission: Mission,
  task: Task,
  status: TaskStatus,
  endMs: number,
  outstanding: MissionOutstanding,
  ended: Task[],
): void {
  const isUnknown = status === cancelled && (hasRunningAttempt(task) || isAwaited(task));
  release(mission, task, outstanding);
  outstanding.cleared(timerNumber(task.number, taskTimers.total));
  outstanding.cleared(timerNumber(task.number, taskTimers.authority));
  outstanding.cleared(timerNumber(task.number, taskTimers.question));
  releaseUnused(mission, task, isUnknown);
  const parent = mission.tasks[task.parent];
  releaseAll(mission, task, parent !== undefined && hasRunningAttempt(parent) ? parent : undefined);
  releaseReservations(mission, task, outstanding);
  withdrawQuestion(mission, task);
  task.isWithdrawn = false;
  task.endMs = endMs;
  setStatus(mission, task, status);
  mission.remaining -= 1;
  if (status !== completed) recountGang(mission, task, outstanding);
  ended.push(task);
}

/** Returns the amounts that were reserved for the task itself. */
function releaseReservations(mission: Mission, task: Task, outstanding: MissionOutstanding): void {
  for (const number of task.reservations ?? []) removeReservation(mission, number, outstanding);
  task.reservations = undefined;
}

export function removeReservation(mission: Mission, number: number, outstanding: MissionOutstanding): void {
  const reservation = mission.reservations.get(number);
  if (reservation === undefined) return;
  mission.reservations.delete(number);
  mission.tasks[reservation.node]?.reservations?.delete(number);
  outstanding.cleared(reservationTimer(number));
  const unspent = { ...reservation.amounts };
  subtract(unspent, reservation.spent);
  subtract(mission.reserved, unspent);
  mission.revisions.budget += 1;
}

function withdrawQuestion(mission: Mission, task: Task): void {
  const question = mission.questions.get(task.question);
  task.question = 0;
  if (question === undefined || question.verdict !== Verdict.VERDICT_UNSPECIFIED) return;
  question.verdict = Verdict.VERDICT_WITHDRAWN;
  mission.openQuestions -= 1;
}

function notifyFollowers(
  mission: Mission,
  task: Task,
  endMs: number,
  outstanding: MissionOutstanding,
  ended: Task[],
): void {
  for (const { node, condition } of task.followers ?? []) {
    const follower = taskOf(mission, node);
    if (isDone(follower.status)) continue;
    recordNeedEnd(follower, condition, task);
    if (follower.isWithdrawn || follower.status !== TaskStatus.TASK_STATUS_PENDING) continue;
    settleNeeds(mission, follower, endMs, outstanding, ended);
  }
}

/** Records the end of a need of a task. */
export function recordNeedEnd(follower: Task, condition: number, needed: Task): void {
  if (follower.open < 0) return;
  if (isMet(condition, needed)) follower.open -= 1;
  else {
    follower.open = -1;
    follower.reason = `it needs ${needed.spec.id} to have ${condition === NeedCondition.NEED_CONDITION_FAILURE ? "failed" : "completed"}, and that did not come`;
  }
}

/** Makes a task ready when all its needs are met. Skips it if a need can no longer be met. */
export function settleNeeds(
  mission: Mission,
  task: Task,
  ms: number,
  outstanding: MissionOutstanding,
  ended: Task[],
): void {
  if (task.open < 0) endTask(mission, task, skipped, ms, outstanding, ended);
  else if (task.open === 0 && !mission.agenda.has(task.number)) makeReady(mission, task, ms, outstanding);
}

/**
 * A task that is skipped with a need, or withdrawn, does not meet a need. A task that its own condition skips
 * does.
 */
function isMet(condition: number, { status, open, isWithdrawn }: Task): boolean {
  if (condition === NeedCondition.NEED_CONDITION_ALWAYS) return true;
  if (condition === NeedCondition.NEED_CONDITION_FAILURE) return status === failed;
  const isPassed = status === skipped && open >= 0 && !isWithdrawn;
  return status === completed || (condition === NeedCondition.NEED_CONDITION_DONE && isPassed);
}

/** A task that is skipped when it is added affects other tasks in turn. */
export function endSkipped(
  mission: Mission,
  ended: Task[],
  ms: number,
  outstanding: MissionOutstanding,
): void {
  for (let task = ended.pop(); task !== undefined; task = ended.pop())
    notifyFollowers(mission, task, ms, outstanding, ended);
}

/** Returns a task that is offered or claimable, and has no known attempt, to the ready tasks. */
function returnToReady(mission: Mission, task: Task, outstanding: MissionOutstanding): void {
  removeFromPlace(mission, task);
  release(mission, task, outstanding);
  releaseUnused(mission, task, false);
  task.tries -= 1;
  task.skipped += 1;
  setStatus(mission, task, TaskStatus.TASK_STATUS_PENDING);
  mission.agenda.add(task.number);
}

/** Starts nothing new: tasks that wait for an agent are withdrawn, and are ready again. */
export function returnQueued(mission: Mission, outstanding: MissionOutstanding): void {
  for (const task of mission.tasks)
    if (task.status === TaskStatus.TASK_STATUS_QUEUED && !isChild(task))
      returnToReady(mission, task, outstanding);
}
