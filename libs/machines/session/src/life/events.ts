/** The life of a session as a whole. */
import {
  ChoosingBegunV1,
  DependencyAddedV1,
  DependencyDroppedV1,
  DependencySettledV1,
  GoalAskedV1,
  GoalPlannedV1,
  LocksNotedV1,
  ModeChosenV1,
  SessionAcceptedV1,
  SessionDependency,
  SessionEndedV1,
  SessionOrder,
  SessionPausedV1,
  SessionPhase,
  SessionRemovedV1,
  SessionResumedV1,
  SessionRetriedV1,
  SessionSignalledV1,
  SessionStoppedV1,
} from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { blobsOf, dataOf } from "@tutti/machine-work";
import { choicesMax, pausesMax } from "../limits.ts";
import { choosing, dependencyEffect, locking, planning, timeoutTimer } from "../numbers.ts";
import { createPart, endPart, stopPart } from "../part/parts.ts";
import { isOpen, type Session, type SessionEvent, type SessionOutstanding } from "../state.ts";
import { addTasks, restartTask, stopTasks, taskOf } from "../task/nodes.ts";
import {
  requestChoice,
  requestDependency,
  requestGoalPlan,
  requestLocks,
  requestPrerequisites,
} from "./prerequisites.ts";

export const sessionAccepted: SessionEvent<SessionAcceptedV1> = {
  type: "session_accepted",
  version: 1,
  codec: SessionAcceptedV1,
  described: true,
  blobs({ order }) {
    const work = order?.spec?.work;
    if (work?.$case === "goal") return blobsOf(work.value.input);
    if (work?.$case !== "tasks") return [];
    return [...blobsOf(work.value.input), ...work.value.tasks.flatMap(({ input }) => blobsOf(input))];
  },
  evolve(session, { order = SessionOrder.create(), cause, createMs }, outstanding) {
    session.order = withoutTasks(order);
    session.createCause = cause;
    session.createMs = createMs;
    session.phase = SessionPhase.SESSION_PHASE_WAITING;
    const { work, dependsOn = [], timeoutMs = 0 } = order.spec ?? {};
    if (work?.$case === "tasks") addTasks(session, work.value.tasks);
    for (const _ of dependsOn) session.dependencies.push(WorkStatus.WORK_STATUS_UNSPECIFIED);
    requestPrerequisites(session, outstanding);
    if (timeoutMs > 0) outstanding.timer(timeoutTimer, createMs + timeoutMs);
  },
};

function withoutTasks(order: SessionOrder): SessionOrder {
  const { spec } = order;
  if (spec?.work?.$case !== "tasks") return order;
  return { ...order, spec: { ...spec, work: { $case: "tasks", value: { ...spec.work.value, tasks: [] } } } };
}

export const dependencySettled: SessionEvent<DependencySettledV1> = {
  type: "dependency_settled",
  version: 1,
  codec: DependencySettledV1,
  evolve(session, { dependency, status }, outstanding) {
    session.dependencies[dependency] = status;
    outstanding.settled(dependencyEffect(dependency));
    // Locks are requested after everything else is available: a waiter never holds a lock while it waits for
    // another session.
    requestLocks(session, outstanding);
  },
};

export const dependencyAdded: SessionEvent<DependencyAddedV1> = {
  type: "dependency_added",
  version: 1,
  codec: DependencyAddedV1,
  described: true,
  evolve(session, { dependency }, outstanding) {
    const { order } = session;
    if (order?.spec === undefined || dependency === undefined) return;
    const spec = { ...order.spec, dependsOn: [...order.spec.dependsOn, dependency] };
    session.order = { ...order, spec };
    const index = session.dependencies.push(WorkStatus.WORK_STATUS_UNSPECIFIED) - 1;
    requestDependency(session, index, dependency, outstanding);
  },
};

/** The place stays empty: the place determines the number of a request, and numbers are not reused. */
export const dependencyDropped: SessionEvent<DependencyDroppedV1> = {
  type: "dependency_dropped",
  version: 1,
  codec: DependencyDroppedV1,
  described: true,
  evolve(session, { dependency }, outstanding) {
    const { order } = session;
    if (order?.spec === undefined) return;
    const dependsOn = order.spec.dependsOn.with(dependency, SessionDependency.create());
    session.order = { ...order, spec: { ...order.spec, dependsOn } };
    session.dependencies[dependency] = WorkStatus.WORK_STATUS_CANCELLED;
    outstanding.settled(dependencyEffect(dependency));
    requestLocks(session, outstanding);
  },
};

export const locksNoted: SessionEvent<LocksNotedV1> = {
  type: "locks_noted",
  version: 1,
  codec: LocksNotedV1,
  evolve(session, { holdMs }, outstanding) {
    session.lockMs = holdMs;
    if (holdMs === 0) outstanding.settled(locking);
  },
};

export const goalAsked: SessionEvent<GoalAskedV1> = {
  type: "goal_asked",
  version: 1,
  codec: GoalAskedV1,
  evolve(session, { askMs }, outstanding) {
    session.phase = SessionPhase.SESSION_PHASE_PLANNING;
    session.goal = { askMs, planMs: 0, output: "", used: undefined };
    requestGoalPlan(session, outstanding);
  },
};

/** The session waits for nothing more. From here on it counts as started with these tasks. */
export const goalPlanned: SessionEvent<GoalPlannedV1> = {
  type: "goal_planned",
  version: 1,
  codec: GoalPlannedV1,
  described: true,
  blobs: ({ tasks }) => (tasks?.tasks ?? []).flatMap(({ input }) => blobsOf(input)),
  evolve(session, { tasks, used, planMs }, outstanding) {
    outstanding.settled(planning);
    session.phase = SessionPhase.SESSION_PHASE_WAITING;
    session.goal = { askMs: session.goal?.askMs ?? 0, planMs, output: tasks?.output ?? "", used };
    addTasks(session, tasks?.tasks ?? []);
  },
};

export const choosingBegun: SessionEvent<ChoosingBegunV1> = {
  type: "choosing_begun",
  version: 1,
  codec: ChoosingBegunV1,
  evolve(session, _, outstanding) {
    session.phase = SessionPhase.SESSION_PHASE_CHOOSING;
    requestChoice(session, outstanding);
  },
};

export const modeChosen: SessionEvent<ModeChosenV1> = {
  type: "mode_chosen",
  version: 1,
  codec: ModeChosenV1,
  described: true,
  evolve(session, { choice, mode, parts, chooseMs }, outstanding) {
    outstanding.settled(choosing);
    if (choice !== undefined) {
      if (session.choices.length >= choicesMax) session.choices.shift();
      session.choices.push(choice);
    }
    session.mode = mode;
    session.phase = SessionPhase.SESSION_PHASE_GOING;
    if (session.beginMs === 0) session.beginMs = chooseMs;
    session.signals.length = 0;
    for (const part of parts) createPart(session, part, chooseMs, outstanding);
  },
};

export const sessionPaused: SessionEvent<SessionPausedV1> = {
  type: "session_paused",
  version: 1,
  codec: SessionPausedV1,
  described: true,
  evolve(session, { reason, pauseMs }) {
    session.pauseMs = pauseMs;
    session.pauseReason = reason;
  },
};

export const sessionResumed: SessionEvent<SessionResumedV1> = {
  type: "session_resumed",
  version: 1,
  codec: SessionResumedV1,
  described: true,
  evolve(session, { resumeMs }) {
    endPause(session, resumeMs);
    session.pauseReason = "";
  },
};

/** Only a pause after the start is recorded: only started work can wait for it to end. */
function endPause(session: Session, toMs: number): void {
  const { pauses, pauseMs, beginMs } = session;
  session.pauseMs = 0;
  if (pauseMs === 0 || beginMs === 0) return;
  if (pauses.length >= pausesMax) pauses.shift();
  pauses.push({ fromMs: Math.max(beginMs, pauseMs), toMs });
}

/**
 * The signal is in the history. Operations pass it to the parts, and to parts that are created later if there
 * is none yet.
 */
export const sessionSignalled: SessionEvent<SessionSignalledV1> = {
  type: "session_signalled",
  version: 1,
  codec: SessionSignalledV1,
  blobs: ({ signal }) => blobsOf(signal?.payload),
  evolve(session, { signal }) {
    if (signal !== undefined && !session.parts.some(isOpen)) session.signals.push(signal);
  },
};

/** Cancels the start of pending parts. Parts that have started are awaited. */
export const sessionStopped: SessionEvent<SessionStoppedV1> = {
  type: "session_stopped",
  version: 1,
  codec: SessionStoppedV1,
  described: true,
  evolve(session, { status, error, stopMs }, outstanding) {
    session.phase = SessionPhase.SESSION_PHASE_STOPPING;
    session.ending = status;
    session.error = error;
    endPause(session, stopMs);
    outstanding.settled(planning);
    outstanding.settled(choosing);
    for (const part of session.parts) {
      if (!isOpen(part)) continue;
      stopPart(part, outstanding);
      if (part.status !== WorkStatus.WORK_STATUS_PENDING) continue;
      part.endMs = stopMs;
      endPart(session, part, WorkStatus.WORK_STATUS_CANCELLED, outstanding);
    }
    clearBefore(session, outstanding);
  },
};

/** Clears everything that is awaited, except the ends of parts. Locks are held until then. */
function clearBefore(session: Session, outstanding: SessionOutstanding): void {
  for (const dependency of session.dependencies.keys()) outstanding.settled(dependencyEffect(dependency));
  if (session.lockMs === 0) outstanding.settled(locking);
  outstanding.cleared(timeoutTimer);
}

export const sessionEnded: SessionEvent<SessionEndedV1> = {
  type: "session_ended",
  version: 1,
  codec: SessionEndedV1,
  described: true,
  evolve(session, { status, output, outputOfTasks, error, cameOfIt, endMs }, outstanding) {
    session.phase = SessionPhase.SESSION_PHASE_ENDED;
    session.ending = status;
    session.endMs = endMs;
    endPause(session, endMs);
    session.output = dataOf(output, undefined);
    session.isOutputOfTasks = outputOfTasks;
    session.error = error;
    for (const part of session.parts) {
      if (!isOpen(part)) continue;
      part.endMs = endMs;
      endPart(session, part, WorkStatus.WORK_STATUS_TERMINATED, outstanding);
    }
    stopTasks(session, endMs);
    outstanding.settled(planning);
    outstanding.settled(choosing);
    clearBefore(session, outstanding);
    outstanding.settled(locking);
    session.lockMs = 0;
    const modeChoice = session.choices.findLast(({ kind }) => kind === "mode");
    if (cameOfIt === undefined || modeChoice === undefined) return;
    session.choices[session.choices.indexOf(modeChoice)] = { ...modeChoice, outcome: cameOfIt };
  },
};

export const sessionRetried: SessionEvent<SessionRetriedV1> = {
  type: "session_retried",
  version: 1,
  codec: SessionRetriedV1,
  described: true,
  evolve(session, { tasks, retryMs }, outstanding) {
    for (const number of tasks) {
      const task = taskOf(session, number);
      session.parts[task.part]?.tasks.delete(number);
      restartTask(session, task, retryMs);
    }
    session.retries += 1;
    session.ending = WorkStatus.WORK_STATUS_UNSPECIFIED;
    session.endMs = 0;
    session.error = undefined;
    session.output = undefined;
    session.isOutputOfTasks = false;
    session.phase = SessionPhase.SESSION_PHASE_WAITING;
    // A session that never started waits again for its dependencies.
    if (session.beginMs === 0) resetDependencies(session);
    requestPrerequisites(session, outstanding);
  },
};

/** Dependencies that were removed stay removed. */
function resetDependencies(session: Session): void {
  for (const index of session.dependencies.keys())
    if (session.order?.spec?.dependsOn[index]?.session !== undefined)
      session.dependencies[index] = WorkStatus.WORK_STATUS_UNSPECIFIED;
}

export const sessionRemoved: SessionEvent<SessionRemovedV1> = {
  type: "session_removed",
  version: 1,
  codec: SessionRemovedV1,
  described: true,
  evolve(session, { removeMs }) {
    session.removeMs = removeMs;
  },
};
