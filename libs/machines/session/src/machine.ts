/**
 * The session machine: tasks and intent, executed as parts by runs and missions. Its specification, a plan, or an
 * orchestrator of the user decides which part starts.
 *
 * **Commands.** From the contract: `add_tasks` (`AddTasksRequest`). From `machine_session.proto`: `begin_session`,
 * `add_wait`, `drop_wait`, `pause_session`, `resume_session`, `cancel_session`, `terminate_session`, `remove_session`,
 * `retry_session`, `signal_session`, `move_tasks`. Results of effects, with their token: `settle_dependency`,
 * `record_goal`, `record_choice`, `refuse_start`, `confirm_part`, `refuse_part`, `end_part`, `confirm_operation`,
 * `refuse_operation`. From its workers: `confirm_locks`, `note_tasks`, `place_tasks`, `record_decision`,
 * `pass_part_on`, `note_agents`. Messages: `end_child` of its parts.
 *
 * **Messages it sends.** To the run that breaks its goal down, and to a run that asks an orchestrator: `withdraw_run`.
 * To its parts: `withdraw_run`, `terminate_run`, `withdraw_mission`, `cancel_mission`, `terminate_mission`. To its
 * parent: `end_child`.
 *
 * **Effects** are in `effects.ts`.
 *
 * 1. One part at a time executes a task, and its outcome counts once: an ended task never changes.
 * 2. If a part refers to a task of another part, the outcome is brought in when that task has ended. No task starts
 *    before its needs have ended.
 * 3. A choice is made once, and recorded: the next owner of the partition continues with it.
 * 4. Every step continues as far as it can: a session that has not ended waits for an effect, for a part, or for a
 *    person.
 */

import { SessionPhase } from "@tutti/contracts/session/v1";
import type { Machine } from "@tutti/kernel";
import { noteAgents } from "./agents/commands.ts";
import * as agents from "./agents/events.ts";
import { describeSession, projectSession } from "./description.ts";
import type { SessionEffect } from "./effects.ts";
import {
  beginSession,
  cancelSession,
  confirmLocks,
  pauseSession,
  recordChoice,
  recordGoal,
  refuseStart,
  removeSession,
  resumeSession,
  retrySession,
  signalSession,
  terminateSession,
} from "./life/commands.ts";
import * as life from "./life/events.ts";
import { expire } from "./life/expire.ts";
import { requestChoice, requestGoalPlan, requestPrerequisites } from "./life/prerequisites.ts";
import { addWait, dropWait, settleDependency } from "./life/waits.ts";
import { timeoutTimer } from "./numbers.ts";
import {
  confirmOperation,
  confirmPart,
  endChild,
  endPart,
  passPartOn,
  refuseOperation,
  refusePart,
} from "./part/commands.ts";
import * as parts from "./part/events.ts";
import { recoverPart } from "./part/parts.ts";
import { showChoices, showMoves, showPlan } from "./queries/decisions.ts";
import { explainSession } from "./queries/explain.ts";
import { showSession } from "./queries/session.ts";
import { showTasks } from "./queries/tasks.ts";
import { showWork, taskOutcomes } from "./queries/work.ts";
import { sessionSnapshots } from "./snapshots.ts";
import {
  hasEnded,
  newSession,
  type Part,
  type Session,
  type SessionOutstanding,
  type SessionView,
  specOf,
} from "./state.ts";
import { addTasks, moveTasks, noteTasks, placeTasks, recordDecision } from "./task/commands.ts";
import * as tasks from "./task/events.ts";

export const session: Machine<Session, SessionEffect> = {
  kind: "session",
  behaviour: 1,
  create: newSession,
  commands: [
    beginSession,
    addWait,
    dropWait,
    pauseSession,
    resumeSession,
    cancelSession,
    terminateSession,
    removeSession,
    retrySession,
    signalSession,
    settleDependency,
    confirmLocks,
    recordGoal,
    recordChoice,
    refuseStart,
    confirmPart,
    refusePart,
    passPartOn,
    noteTasks,
    noteAgents,
    endPart,
    endChild,
    confirmOperation,
    refuseOperation,
    addTasks,
    placeTasks,
    recordDecision,
    moveTasks,
  ],
  events: [
    ...Object.values(life),
    ...Object.values(parts),
    ...Object.values(tasks),
    ...Object.values(agents),
  ],
  queries: [showSession, showTasks, showChoices, showMoves, showPlan, explainSession, showWork, taskOutcomes],
  expire,
  snapshots: sessionSnapshots,
  recover: recoverSession,
  describe: describeSession,
  project: projectSession,
};

/** Finds all outstanding effects and timers of a state. */
function recoverSession(view: SessionView, outstanding: SessionOutstanding): void {
  const session = view as Session;
  if (session.order === undefined || hasEnded(session)) return;
  const { timeoutMs } = specOf(session);
  const isStopping = session.phase === SessionPhase.SESSION_PHASE_STOPPING;
  if (timeoutMs > 0 && !isStopping && session.retries === 0)
    outstanding.timer(timeoutTimer, session.createMs + timeoutMs);
  if (!isStopping || session.lockMs > 0) requestPrerequisites(session, outstanding);
  if (session.phase === SessionPhase.SESSION_PHASE_PLANNING) requestGoalPlan(session, outstanding);
  if (session.phase === SessionPhase.SESSION_PHASE_CHOOSING) requestChoice(session, outstanding);
  for (const part of session.parts as Part[]) recoverPart(session, part, outstanding);
}
