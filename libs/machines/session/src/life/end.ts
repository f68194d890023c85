/** Ends a session, and notifies others. */
import { LearnChoice } from "@tutti/contracts/intelligence/v1";
import { type ChoiceOutcome, Mode } from "@tutti/contracts/session/v1";
import {
  type Amounts,
  type ErrorDetail,
  NeedCondition,
  TaskStatus,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import type { Message } from "@tutti/kernel";
import {
  bounded,
  type Data,
  detailOfRefusal,
  endChild,
  endingOf,
  noBytes,
  type Stopping,
  statusName,
  stopChild,
  workAddress,
} from "@tutti/machine-work";
import { balanced, expectedLossMs, outcomeOf, safeMode } from "@tutti/planner";
import { usedUp } from "../budget/remaining.ts";
import { sessionErrors } from "../errors.ts";
import { partId } from "../numbers.ts";
import { withdrawQuestion } from "../part/deciding.ts";
import { kindOfWork, workIdOf } from "../part/parts.ts";
import {
  isGoing,
  isOpen,
  type PartView,
  type SessionStep,
  type SessionView,
  statusOf,
  type TaskView,
} from "../state.ts";
import { sessionEnded, sessionStopped } from "./events.ts";
import { cancelBreakdown, missedGoal } from "./goal.ts";
import { computedOutput, outputOf } from "./output.ts";

export interface Stop {
  readonly status: WorkStatus;
  readonly error: ErrorDetail;
}

/** Stops all open work. Parts that have started are awaited. The caller advances the session. */
export function stopSession(session: SessionView, step: SessionStep, { status, error }: Stop): void {
  for (const part of session.parts) {
    stopPart(session, step, part, "cancel");
    withdrawQuestion(session, step, part, false);
  }
  cancelBreakdown(session, step, false);
  step.emit(sessionStopped, { status, error, stopMs: step.nowMs });
}

/** Fails the session if its budget has nothing left for the remaining tasks. Returns whether it did. */
export function stopIfUsedUp(session: SessionView, step: SessionStep): boolean {
  const kind = usedUp(session);
  if (kind === undefined) return false;
  const refusal = sessionErrors.budgetUsedUp.refusal({ id: step.key.id, kind });
  stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: detailOfRefusal(refusal) });
  return true;
}

/** Stops the work of a part, even if its start is in flight: the work ends, or never starts. */
export function stopPart(session: SessionView, step: SessionStep, part: PartView, mode: Stopping): void {
  const kind = kindOfWork(part.mode);
  if (!isOpen(part) || part.isOver) return;
  const { namespace, id } = session.key;
  const isThere = part.status !== WorkStatus.WORK_STATUS_PENDING;
  stopChild(step, {
    kind,
    id: workIdOf(session, part.number),
    definition: "",
    parent: { namespace, kind: "session", id, task: partId(part.number) },
    isStarting: !isThere || (kind === "run" && mode !== "terminate"),
    mode,
    reason: `the session ${id} ends`,
  });
}

/** Ends the session after all tasks have ended. */
export function conclude(session: SessionView, step: SessionStep): void {
  const output = computedOutput(session);
  if (!output.ok) {
    end(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: output.error });
    return;
  }
  const missed = missedGoal(session);
  if (missed !== undefined) {
    end(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: missed });
    return;
  }
  const isOfTasks = output.bytes.length === 0;
  step.emit(sessionEnded, {
    status: WorkStatus.WORK_STATUS_COMPLETED,
    output: output.bytes,
    outputOfTasks: isOfTasks,
    error: undefined,
    cameOfIt: choiceOutcome(session, step.nowMs),
    endMs: step.nowMs,
  });
  reportChoice(session, step);
  report(session, step);
}

export function endStopped(session: SessionView, step: SessionStep): void {
  end(session, step, { status: session.ending, error: bounded(session.error) });
}

export function end(session: SessionView, step: SessionStep, { status, error }: Stop): void {
  step.emit(sessionEnded, {
    status,
    output: noBytes,
    outputOfTasks: false,
    error,
    cameOfIt: choiceOutcome(session, step.nowMs),
    endMs: step.nowMs,
  });
  report(session, step);
}

/**
 * Returns the outcome of the choice of the mode, if there was one: evaluated by the weights of the session, as the
 * choice was.
 */
function choiceOutcome(session: SessionView, endMs: number): ChoiceOutcome | undefined {
  const choice = session.choices.findLast(({ kind }) => kind === "mode");
  if (choice === undefined || session.beginMs === 0) return undefined;
  const count = (status: TaskStatus) => session.counts[status] ?? 0;
  const skipped = count(TaskStatus.TASK_STATUS_SKIPPED);
  const required = Math.max(1, session.tasks.length - skipped);
  const quality = count(TaskStatus.TASK_STATUS_COMPLETED) / required;
  const realMs = Math.max(0, endMs - session.beginMs);
  const used = usedBy(session);
  const candidates = choice.candidates.map(({ eligible, expectedMs, expectedUse, expectedQuality }) => ({
    mode: safeMode,
    eligible,
    expectedMs,
    highMs: expectedMs,
    expectedQuality,
    score: 0,
    reason: "",
    expectedUse: { timeMs: expectedUse?.timeMs ?? 0, money: expectedUse?.money ?? 0 },
  }));
  const { time = 0, cost = 0, quality: good = 0 } = session.order?.spec?.optimization ?? {};
  const weights = time + cost + good === 0 ? balanced : { time, cost, quality: good };
  const { score } = outcomeOf({ candidates }, { realMs, used, quality }, weights);
  return { realMs, used, quality, score: Number.isFinite(score) ? score : 0 };
}

/** Name of the service that hosts experience. */
const learnedBy = "master";
const learnChoice: Message<LearnChoice> = { type: "learn_choice", codec: LearnChoice };

/** Sends the outcome of the choice of its mode to the experience of the namespace, which improves later choices. */
function reportChoice(session: SessionView, step: SessionStep): void {
  const choice = session.choices.findLast(({ kind }) => kind === "mode");
  const candidate = choice?.candidates[choice.chosen];
  // A resumed session says nothing about durations. Nor does a choice that was not tried.
  const wasTried = candidate !== undefined && candidate.expectedMs > 0;
  if (choice?.outcome === undefined || !wasTried || session.retries > 0) return;
  const { namespace, id: sessionId } = session.key;
  const to = { service: learnedBy, namespace, kind: "experience", id: namespace };
  step.send(to, learnChoice, {
    choice: {
      sessionId,
      features: { ...choice.features },
      mode: candidate.mode,
      expectedMs: candidate.expectedMs,
      lostMs: expectedLossMs(choice),
      realMs: choice.outcome.realMs,
      endMs: session.endMs,
    },
  });
}

/**
 * Returns the usage of its tasks, and of the breakdown of its goal. Includes the time of running agents, even
 * if they do not report it.
 */
export function usedBy(session: SessionView): Amounts {
  const { tokens = 0, money = 0, timeMs = 0 } = session.goal?.used ?? {};
  const sum: Amounts = { tokens, money, timeMs };
  for (const { used, startMs, endMs } of session.tasks) {
    sum.tokens += used?.tokens ?? 0;
    sum.money += used?.money ?? 0;
    sum.timeMs += used?.timeMs || (startMs > 0 ? Math.max(0, endMs - startMs) : 0);
  }
  return sum;
}

/**
 * Handles the end of the work of a part: the session continues only if the part succeeded, and left no task
 * open.
 */
export function checkPart(session: SessionView, step: SessionStep, part: PartView): void {
  if (!isGoing(session)) return;
  const isWell = part.status === WorkStatus.WORK_STATUS_COMPLETED && !hasOpenTasks(session, part);
  if (isWell || isAsAwaited(session, part)) return;
  const failed = session.tasks.find(
    (task) =>
      task.part === part.number && task.status === TaskStatus.TASK_STATUS_FAILED && !isAwaitedByOthers(task),
  );
  const status = statusName(part.status);
  const refusal =
    failed === undefined
      ? sessionErrors.partFailed.refusal({ part: partId(part.number), status })
      : sessionErrors.tasksFailed.refusal({ task: failed.spec.id });
  const cause = failed?.error ?? part.error;
  fail(session, step, detailOfRefusal(refusal, cause === undefined ? undefined : bounded(cause)));
}

/**
 * Returns whether a failed run is expected. A run fails with any failed task, because it knows only its own. The
 * session accepts this if other tasks handle each failure, all tasks of the run ended, and nothing was undone. A run
 * whose tasks were all moved away fails with a task of another part, which its error names.
 */
function isAsAwaited(session: SessionView, { status, tasks, error }: PartView): boolean {
  if (status !== WorkStatus.WORK_STATUS_FAILED) return false;
  for (const number of tasks) {
    const task = session.tasks[number];
    const isDone = task?.status === TaskStatus.TASK_STATUS_COMPLETED && task.spec.compensate === undefined;
    const isAwaited = task?.status === TaskStatus.TASK_STATUS_FAILED && isAwaitedByOthers(task);
    if (!isDone && !isAwaited && task?.status !== TaskStatus.TASK_STATUS_SKIPPED) return false;
  }
  if (tasks.size > 0) return true;
  const named = session.tasks[session.byId.get(error?.details["task"] ?? "") ?? -1];
  return named?.status === TaskStatus.TASK_STATUS_FAILED && isAwaitedByOthers(named);
}

/** Returns whether other tasks handle its failure. */
export function isAwaitedByOthers({ followers }: Pick<TaskView, "followers">): boolean {
  return followers.some(
    ({ condition }) =>
      condition === NeedCondition.NEED_CONDITION_FAILURE || condition === NeedCondition.NEED_CONDITION_ALWAYS,
  );
}

function hasOpenTasks(session: SessionView, part: PartView): boolean {
  for (const number of part.tasks) {
    const status = session.tasks[number]?.status ?? TaskStatus.TASK_STATUS_PENDING;
    if (status < TaskStatus.TASK_STATUS_COMPLETED) return true;
  }
  return false;
}

/**
 * Handles failed tasks: the session continues only if other tasks expect the failure. A run compensates before it
 * ends, so its end is awaited.
 */
export function checkFailed(session: SessionView, step: SessionStep, tasks: readonly TaskView[]): void {
  if (!isGoing(session)) return;
  const failed = tasks.find((task) => {
    const { status, part } = task;
    const owner = session.parts[part];
    const isHandledByPart = owner !== undefined && isOpen(owner) && kindOfWork(owner.mode) !== "mission";
    return status === TaskStatus.TASK_STATUS_FAILED && !isHandledByPart && !isAwaitedByOthers(task);
  });
  if (failed === undefined) return;
  const refusal = sessionErrors.tasksFailed.refusal({ task: failed.spec.id });
  fail(
    session,
    step,
    detailOfRefusal(refusal, failed.error === undefined ? undefined : bounded(failed.error)),
  );
}

function fail(session: SessionView, step: SessionStep, error: ErrorDetail): void {
  stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error });
}

function report(session: SessionView, step: SessionStep): void {
  const { parent } = session.order ?? {};
  const reportsToParent = parent?.kind === "run" || parent?.kind === "mission";
  if (parent === undefined || !reportsToParent || parent.id === "") return;
  const ending = endingOf({
    id: session.key.id,
    status: statusOf(session),
    error: session.error,
    output: () => outputOf(session) as Data | undefined,
  });
  const to = workAddress(step.key.namespace, parent);
  step.send(to, endChild, { taskId: parent.task, ending, used: usedBy(session) });
}

/** Returns whether a mode executes tasks. */
export function executesTasks(mode: Mode): boolean {
  return mode === Mode.MODE_WORKFLOW || mode === Mode.MODE_SWARM || mode === Mode.MODE_INTELLIGENCE;
}
