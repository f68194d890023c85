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
import { dividedLeft, usedUp } from "../budget/left.ts";
import { sessionErrors } from "../errors.ts";
import { operationsMax, partsMax, signalsMax } from "../limits.ts";
import { choosing, locking, partId, partOfId, planning } from "../numbers.ts";
import { giveUpQuestion } from "../part/deciding.ts";
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
import { newPart } from "../task/look.ts";
import { modeOfMore } from "../task/move.ts";
import { advance } from "./advance.ts";
import { isWaitingForOthers } from "./asking.ts";
import { end, isAwaitedByOthers, stopSession, tellStopping } from "./end.ts";
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
import { giveUpGoal, goalOf, goalProblem, listProblem } from "./goal.ts";
import { life } from "./life.ts";
import { commandOf, goingOn } from "./step.ts";
import { goOnIn, tellParts } from "./telling.ts";

const done: SessionDone = {};

/** A repetition changes nothing. */
export const beginSession: SessionCommand<BeginSession, SessionBegun> = {
  type: "begin_session",
  codec: BeginSession,
  reply: SessionBegun,
  decide(session, { order }, step) {
    if (session.order !== undefined) return again(session, order, step);
    const refusal = orderProblem(session, order);
    if (refusal !== undefined) return refusal;
    return goingOn(session, step, () => {
      step.emit(sessionAccepted, { order, cause: causeOf(step), createMs: step.nowMs });
      return { existed: false, status: WorkStatus.WORK_STATUS_PENDING };
    });
  },
};

function again(
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
  if (spec === undefined) return invalid("expected what is to be done, found nothing");
  const { work } = spec;
  if (work?.$case !== "tasks" && work?.$case !== "goal")
    return invalid("expected tasks or a goal, found none");
  if (!(spec.timeoutMs >= 0 && spec.retentionMs >= 0)) return invalid("expected spans that are not negative");
  const names = spec.locks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return invalid(`expected each lock once, found ${twice} twice`);
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
    if (session.lockMs > 0 || !isWaiting || isHeldByOthers(session)) return done;
    step.emit(locksNoted, { holdMs: step.nowMs });
    return done;
  },
});

function isHeldByOthers(session: SessionView): boolean {
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
    const seen = new Set(parts.flatMap(({ tasks }) => tasks));
    const count = parts.reduce((sum, { tasks }) => sum + tasks.length, 0);
    const isKnown = [...seen].every((number) => session.tasks[number] !== undefined);
    if (seen.size !== count || !isKnown || parts.length >= partsMax)
      return sessionErrors.invalid.refusal({ problem: "expected every task in one part" });
    const later = session.tasks.map(({ number }) => number).filter((number) => !seen.has(number));
    const kept = withoutTornGangs(session, withMore(parts, later, mode));
    const budgets = dividedLeft(
      session,
      kept.map(({ tasks }) => tasks),
    );
    const made = kept.map((part, at) => ({ ...newPart(session, part), budget: budgets[at] }));
    const chosen = choice && {
      ...choice,
      choiceId: `c${session.choices.length + 1}`,
      chooseTime: timeOf(step.nowMs),
    };
    goOnIn(session, step, { choice: chosen, mode, parts: made });
    return done;
  },
});

/**
 * Returns the parts with the tasks that were added during the choice. They are treated as if they had been
 * added after it.
 */
function withMore(parts: readonly NewPart[], tasks: readonly number[], mode: Mode): readonly NewPart[] {
  if (tasks.length === 0) return parts;
  const wanted = modeOfMore(mode);
  const found = parts.findIndex((part) => part.mode === wanted);
  if (found < 0)
    return [
      ...parts,
      { mode: wanted, tasks: [...tasks], reason: "they were added", elsewhere: [], budget: undefined },
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
    tellParts(session, step, { $case: "pause", value: true });
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
    tellParts(session, step, { $case: "resume", value: true });
    return done;
  },
});

export const signalSession: SessionCommand<SignalWork, SessionSignalled> = commandOf({
  type: "signal_session",
  codec: SignalWork,
  reply: SessionSignalled,
  decide(session, { signal: name, payload, partId: wanted }, step) {
    if (isAboutToEnd(session))
      return sessionErrors.ended.refusal({ id: step.key.id, status: "about to end" });
    const signal = { signal: name, payload, partId: wanted };
    const only = wanted === "" ? undefined : session.parts[partOfId(wanted)];
    if (wanted !== "" && only === undefined)
      return sessionErrors.partMissing.refusal({ id: step.key.id, part: wanted });
    const parts = (only === undefined ? session.parts : [only]).filter(
      (part) => isOpen(part) && !part.isOver,
    );
    const full = parts.find(({ operations }) => operations.length >= operationsMax);
    if (full !== undefined)
      return sessionErrors.tooMany.refusal({
        what: `things that wait to be done with ${partId(full.number)}`,
        found: full.operations.length + 1,
        max: operationsMax,
      });
    if (parts.length === 0 && session.signals.length >= signalsMax)
      return sessionErrors.tooMany.refusal({
        what: "signals before the first part has started",
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
      tellStopping(session, step, part, "terminate");
      giveUpQuestion(session, step, part, true);
    }
    giveUpGoal(session, step, true);
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
    const wanted = new Set<number>();
    for (const task of taskIds) {
      const number = session.byId.get(task);
      if (number === undefined) return sessionErrors.taskMissing.refusal({ id, task });
      wanted.add(number);
    }
    for (const task of session.tasks) {
      const { number, status } = task;
      // With an unexpected failure the session would fail again, even if all other tasks complete.
      const isFatal = status === TaskStatus.TASK_STATUS_FAILED && !isAwaitedByOthers(task);
      const isLeft = !isDone(status) || status === TaskStatus.TASK_STATUS_CANCELLED || isFatal;
      if (status !== TaskStatus.TASK_STATUS_COMPLETED && (taskIds.length === 0 || isLeft)) wanted.add(number);
    }
    // Tasks that depend on a repeated task are repeated.
    for (const number of wanted)
      for (const { task } of session.tasks[number]?.followers ?? []) wanted.add(task);
    const tasks = [...wanted].sort((one, other) => one - other);
    step.emit(sessionRetried, { tasks, reason: reasonOf(reason), retryMs: step.nowMs });
    advance(session, step);
    return done;
  },
};
