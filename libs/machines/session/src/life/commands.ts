/** Starts, pauses, resumes and ends a session. */

import {
  BeginSession,
  CancelWork,
  ConfirmLocks,
  type Mode,
  type NewPart,
  PauseWork,
  RecordChoice,
  RecordGoal,
  RefuseStart,
  RemoveSession,
  ResumeWork,
  RetryWork,
  SessionBegun,
  SessionDone,
  type SessionOrder,
  SessionPhase,
  SessionSignalled,
  SignalWork,
  TerminateWork,
} from "@tutti/contracts/session/v1";
import { type TaskList, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { type InstanceKey, isRefusal, type ReadOnly, type Refusal, withoutRemedy } from "@tutti/kernel";
import {
  bounded,
  causeOf,
  detailOfRefusal,
  fieldDifferences,
  isDone,
  isSameRequest,
  reasonOf,
  statusName,
} from "@tutti/machine-work";
import { divideRemaining, usedUp } from "../budget/remaining.ts";
import { sessionErrors } from "../errors.ts";
import { operationsMax, partsMax, signalsMax } from "../limits.ts";
import { choosing, locking, partId, partOfId, planning } from "../numbers.ts";
import { withdrawQuestion } from "../part/deciding.ts";
import { operationQueued } from "../part/events.ts";
import {
  isAboutToEnd,
  isBeingPlanned,
  isOpen,
  newSession,
  type SessionCommand,
  type SessionStep,
  type SessionView,
  statusOf,
} from "../state.ts";
import { withoutTornGangs } from "../task/gang.ts";
import { modeOfMore } from "../task/move.ts";
import { newPart } from "../task/references.ts";
import { advance } from "./advance.ts";
import { end, isAwaitedByOthers, stopPart, stopSession } from "./end.ts";
import {
  goalPlanned,
  locksNoted,
  sessionAccepted,
  sessionPaused,
  sessionRemoved,
  sessionResumed,
  sessionRetried,
  sessionSignalled,
} from "./events.ts";
import { cancelBreakdown, goalOf, goalProblem, listProblem } from "./goal.ts";
import { life } from "./life.ts";
import { continueIn, sendToParts } from "./part-messages.ts";
import { isWaitingForOthers } from "./prerequisites.ts";
import { commandOf, goingOn } from "./step.ts";

const done: SessionDone = {};

/** A repetition changes nothing. */
export const beginSession: SessionCommand<BeginSession, SessionBegun> = {
  type: "begin_session",
  codec: BeginSession,
  reply: SessionBegun,
  decide(session, { order }, step) {
    if (session.order !== undefined) return repeatedStart(session, order, step);
    const refusal = orderProblem(session, order);
    if (refusal !== undefined) return refusal;
    return goingOn(session, step, () => {
      step.emit(sessionAccepted, { order, cause: causeOf(step), createMs: step.nowMs });
      return { existed: false, status: WorkStatus.WORK_STATUS_PENDING };
    });
  },
};

function repeatedStart(
  session: SessionView,
  order: SessionOrder | undefined,
  step: SessionStep,
): SessionBegun | Refusal {
  const isSame = isSameRequest(session.order?.requestHash, order?.requestHash);
  return life.startedAgain(session, step, isSame, () => fieldDifferences(session.order?.spec, order?.spec));
}

/** Returns why a session could not start with this order. Undefined if it could. */
export function refusalOf(key: InstanceKey, order: ReadOnly<SessionOrder>): Refusal | undefined {
  return orderProblem(newSession(key), order);
}

function orderProblem(session: SessionView, order: ReadOnly<SessionOrder> | undefined): Refusal | undefined {
  const spec = order?.spec;
  const invalid = (problem: string) => sessionErrors.invalid.refusal({ problem });
  if (spec === undefined) return invalid("expected the specification of the work, got none");
  const { work } = spec;
  if (work?.$case !== "tasks" && work?.$case !== "goal") return invalid("expected tasks or a goal, got none");
  if (!(spec.timeoutMs >= 0 && spec.retentionMs >= 0)) return invalid("expected spans that are not negative");
  const names = spec.locks.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) return invalid(`expected each lock once, got ${duplicate} twice`);
  return work.$case === "goal" ? goalProblem(work.value) : listProblem(session, work.value);
}

/** Result: its locks are held. */
export const confirmLocks: SessionCommand<ConfirmLocks, SessionDone> = commandOf({
  type: "confirm_locks",
  codec: ConfirmLocks,
  reply: SessionDone,
  decide(session, _, step) {
    // A late result is ignored.
    const isWaiting = session.phase === SessionPhase.SESSION_PHASE_WAITING;
    if (session.lockMs > 0 || !isWaiting || isBlockedByOthers(session)) return done;
    step.emit(locksNoted, { holdMs: step.nowMs });
    return done;
  },
});

function isBlockedByOthers(session: SessionView): boolean {
  return session.order?.spec?.locks.length === 0 || isWaitingForOthers(session);
}

/** Result: a dependency, a lock or a choice is not available. */
export const refuseStart: SessionCommand<RefuseStart, SessionDone> = commandOf({
  type: "refuse_start",
  codec: RefuseStart,
  reply: SessionDone,
  decide(session, { error }, step) {
    if (step.settles === undefined) return done;
    if (session.phase !== SessionPhase.SESSION_PHASE_STOPPING)
      stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: bounded(error) });
    if (step.settles.number === locking && session.lockMs > 0) step.emit(locksNoted, { holdMs: 0 });
    return done;
  },
});

/** Result: the tasks of its goal. If they are invalid the session fails, as its start would have been refused. */
export const recordGoal: SessionCommand<RecordGoal, SessionDone> = commandOf({
  type: "record_goal",
  codec: RecordGoal,
  reply: SessionDone,
  decide(session, { tasks = noTasks, used }, step) {
    if (step.settles?.number !== planning || !isBeingPlanned(session)) return done;
    const problem = listProblem(session, tasks);
    if (problem === undefined) {
      step.emit(goalPlanned, { tasks, used, planMs: step.nowMs });
      return done;
    }
    const planner = goalOf(session)?.planner ?? "";
    const refusal = sessionErrors.goalUnfit.refusal({ planner, problem: withoutRemedy(problem) });
    const error = detailOfRefusal(refusal, detailOfRefusal(problem));
    stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error });
    return done;
  },
});

const noTasks: TaskList = { tasks: [], output: "", input: undefined };

/** Result: the chosen mode. Every task must be in one part. */
export const recordChoice: SessionCommand<RecordChoice, SessionDone> = commandOf({
  type: "record_choice",
  codec: RecordChoice,
  reply: SessionDone,
  decide(session, { choice, mode, parts }, step) {
    if (step.settles?.number !== choosing || session.phase !== SessionPhase.SESSION_PHASE_CHOOSING)
      return done;
    const assigned = new Set(parts.flatMap(({ tasks }) => tasks));
    const count = parts.reduce((sum, { tasks }) => sum + tasks.length, 0);
    const isKnown = [...assigned].every((number) => session.tasks[number] !== undefined);
    if (assigned.size !== count || !isKnown || parts.length >= partsMax)
      return sessionErrors.invalid.refusal({ problem: "expected every task in one part" });
    const later = session.tasks.map(({ number }) => number).filter((number) => !assigned.has(number));
    const intact = withoutTornGangs(session, withMore(parts, later, mode));
    const budgets = divideRemaining(
      session,
      intact.map(({ tasks }) => tasks),
    );
    const newParts = intact.map((part, at) => ({ ...newPart(session, part), budget: budgets[at] }));
    const finalChoice = choice && {
      ...choice,
      choiceId: `c${session.choices.length + 1}`,
      chooseTime: timeOf(step.nowMs),
    };
    continueIn(session, step, { choice: finalChoice, mode, parts: newParts });
    return done;
  },
});

/**
 * Returns the parts with the tasks that were added during the choice. They are treated as if they had been
 * added after it.
 */
function withMore(parts: readonly NewPart[], tasks: readonly number[], mode: Mode): readonly NewPart[] {
  if (tasks.length === 0) return parts;
  const targetMode = modeOfMore(mode);
  const found = parts.findIndex((part) => part.mode === targetMode);
  if (found < 0)
    return [
      ...parts,
      { mode: targetMode, tasks: [...tasks], reason: "they were added", elsewhere: [], budget: undefined },
    ];
  return parts.map((part, place) => (place === found ? { ...part, tasks: [...part.tasks, ...tasks] } : part));
}

function timeOf(ms: number) {
  return { seconds: Math.floor(ms / 1_000), nanos: Math.round((ms % 1_000) * 1e6) };
}

export const pauseSession: SessionCommand<PauseWork, SessionDone> = commandOf({
  type: "pause_session",
  codec: PauseWork,
  reply: SessionDone,
  decide(session, { reason }, step) {
    const paused = life.pause(session, step, reason);
    if (paused === undefined || session.phase === SessionPhase.SESSION_PHASE_STOPPING) return done;
    step.emit(sessionPaused, paused);
    sendToParts(session, step, { $case: "pause", value: true });
    return done;
  },
});

export const resumeSession: SessionCommand<ResumeWork, SessionDone> = commandOf({
  type: "resume_session",
  codec: ResumeWork,
  reply: SessionDone,
  decide(session, { reason }, step) {
    const resumed = life.resume(session, step, reason);
    if (resumed === undefined) return done;
    step.emit(sessionResumed, resumed);
    sendToParts(session, step, { $case: "resume", value: true });
    return done;
  },
});

export const signalSession: SessionCommand<SignalWork, SessionSignalled> = commandOf({
  type: "signal_session",
  codec: SignalWork,
  reply: SessionSignalled,
  decide(session, { signal: name, payload, partId: requestedPart }, step) {
    if (isAboutToEnd(session))
      return sessionErrors.ended.refusal({ id: step.key.id, status: "about to end" });
    const signal = { signal: name, payload, partId: requestedPart };
    const only = requestedPart === "" ? undefined : session.parts[partOfId(requestedPart)];
    if (requestedPart !== "" && only === undefined)
      return sessionErrors.partMissing.refusal({ id: step.key.id, part: requestedPart });
    const parts = (only === undefined ? session.parts : [only]).filter(
      (part) => isOpen(part) && !part.isOver,
    );
    const full = parts.find(({ operations }) => operations.length >= operationsMax);
    if (full !== undefined)
      return sessionErrors.tooMany.refusal({
        items: `pending operations of ${partId(full.number)}`,
        found: full.operations.length + 1,
        max: operationsMax,
      });
    if (parts.length === 0 && session.signals.length >= signalsMax)
      return sessionErrors.tooMany.refusal({
        items: "signals before the first part has started",
        found: signalsMax + 1,
        max: signalsMax,
      });
    step.emit(sessionSignalled, { signal, signalMs: step.nowMs });
    const event = step.events;
    for (const { number: part } of parts)
      step.emit(operationQueued, { part, operation: { operation: { $case: "signal", value: signal } } });
    return { event };
  },
});

/** Also a message. A repeated request changes nothing. */
export const cancelSession: SessionCommand<CancelWork, SessionDone> = commandOf({
  type: "cancel_session",
  codec: CancelWork,
  reply: SessionDone,
  decide(session, { reason }, step) {
    if (session.phase === SessionPhase.SESSION_PHASE_STOPPING) return done;
    const error = life.cancelled(step, reason);
    stopSession(session, step, { status: WorkStatus.WORK_STATUS_CANCELLED, error });
    return done;
  },
});

/** Also a message. */
export const terminateSession: SessionCommand<TerminateWork, SessionDone> = commandOf({
  type: "terminate_session",
  codec: TerminateWork,
  reply: SessionDone,
  decide(session, { reason }, step) {
    for (const part of session.parts) {
      stopPart(session, step, part, "terminate");
      withdrawQuestion(session, step, part, true);
    }
    cancelBreakdown(session, step, true);
    const error = life.terminated(step, reason);
    end(session, step, { status: WorkStatus.WORK_STATUS_TERMINATED, error });
    return done;
  },
});

/** Only a session that has ended can be removed: nothing that continues is lost with it. */
export const removeSession: SessionCommand<RemoveSession, SessionDone> = {
  type: "remove_session",
  codec: RemoveSession,
  reply: SessionDone,
  decide(session, { reason }, step) {
    const removed = life.remove(session, step, reason);
    if (isRefusal(removed)) return removed;
    if (removed !== undefined) step.emit(sessionRemoved, removed);
    return done;
  },
};

/**
 * Only a failed session can be retried. Good results are kept, except those of named tasks and of tasks that
 * depend on them.
 */
export const retrySession: SessionCommand<RetryWork, SessionDone> = {
  type: "retry_session",
  codec: RetryWork,
  reply: SessionDone,
  decide(session, { taskIds, reason }, step) {
    const { id } = step.key;
    if (session.order === undefined || session.removeMs > 0) return sessionErrors.missing.refusal({ id });
    const status = statusOf(session);
    if (status !== WorkStatus.WORK_STATUS_FAILED)
      return sessionErrors.notFailed.refusal({ id, status: statusName(status) });
    const kind = usedUp(session);
    if (kind !== undefined) return sessionErrors.budgetUsedUp.refusal({ id, kind });
    const retried = new Set<number>();
    for (const task of taskIds) {
      const number = session.byId.get(task);
      if (number === undefined) return sessionErrors.taskMissing.refusal({ id, task });
      retried.add(number);
    }
    for (const task of session.tasks) {
      const { number, status } = task;
      // With an unexpected failure the session would fail again, even if all other tasks complete.
      const isFatal = status === TaskStatus.TASK_STATUS_FAILED && !isAwaitedByOthers(task);
      const isIncomplete = !isDone(status) || status === TaskStatus.TASK_STATUS_CANCELLED || isFatal;
      if (status !== TaskStatus.TASK_STATUS_COMPLETED && (taskIds.length === 0 || isIncomplete))
        retried.add(number);
    }
    // Tasks that depend on a repeated task are repeated.
    for (const number of retried)
      for (const { task } of session.tasks[number]?.followers ?? []) retried.add(task);
    const tasks = [...retried].sort((one, other) => one - other);
    step.emit(sessionRetried, { tasks, reason: reasonOf(reason), retryMs: step.nowMs });
    advance(session, step);
    return done;
  },
};
