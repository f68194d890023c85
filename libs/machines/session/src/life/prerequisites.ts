/** Requests before a session starts, for folds: other sessions first, then locks, then a choice. */
import { Mode, type SessionDependency, SessionPhase, type SessionSpec } from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { AskPlanner, AwaitSession, ChooseMode, HoldLocks } from "../effects.ts";
import { choosing, dependencyEffect, locking, planning } from "../numbers.ts";
import { hasEnded, type Session, type SessionOutstanding, type SessionView, specOf } from "../state.ts";
import { planningRunId } from "./goal.ts";

export function requestPrerequisites(session: Session, outstanding: SessionOutstanding): void {
  for (const [index, status] of session.dependencies.entries()) {
    const dependency = session.order?.spec?.dependsOn[index];
    if (status !== WorkStatus.WORK_STATUS_UNSPECIFIED || dependency === undefined) continue;
    requestDependency(session, index, dependency, outstanding);
  }
  requestLocks(session, outstanding);
}

export function requestDependency(
  { retries }: Pick<SessionView, "retries">,
  index: number,
  dependency: SessionDependency,
  outstanding: SessionOutstanding,
): void {
  const effect: AwaitSession = { kind: "await_session", dependency };
  outstanding.effect(dependencyEffect(index), 1 + retries, effect);
}

/** Requests locks. They are held from before the start to the end: the request stays outstanding. */
export function requestLocks(session: Session, outstanding: SessionOutstanding): void {
  const { locks = [], priority = 0 } = session.order?.spec ?? {};
  if (locks.length === 0 || hasEnded(session) || isWaitingForOthers(session)) return;
  const effect: HoldLocks = { kind: "hold_locks", locks, priority };
  outstanding.effect(locking, 1 + session.retries, effect);
}

export function requestGoalPlan(session: Session, outstanding: SessionOutstanding): void {
  const spec = session.order?.spec as SessionSpec;
  const effect: AskPlanner = { kind: "ask_planner", spec, runId: planningRunId(session) };
  outstanding.effect(planning, 1 + session.retries, effect);
}

export function requestChoice(session: Session, outstanding: SessionOutstanding): void {
  const requested = requestedModeOf(session);
  if (!needsChoice(requested)) return;
  const effect: ChooseMode = { kind: "choose_mode", requestedMode: requested };
  outstanding.effect(choosing, 1 + session.retries, effect);
}

export function isWaitingForOthers({ dependencies }: Pick<SessionView, "dependencies">): boolean {
  return dependencies.includes(WorkStatus.WORK_STATUS_UNSPECIFIED);
}

/** Returns whether something holds the session before its start. */
export function isBlockedBeforeStart(session: SessionView): boolean {
  const { phase, lockMs } = session;
  if (phase !== SessionPhase.SESSION_PHASE_WAITING) return false;
  return isWaitingForOthers(session) || (specOf(session).locks.length > 0 && lockMs === 0);
}

/** Returns the requested mode. */
export function requestedModeOf(session: SessionView): Mode {
  return specOf(session).mode || Mode.MODE_ADAPTIVE;
}

/** Returns whether the mode of each task must be chosen. */
export function needsChoice(mode: Mode): boolean {
  return mode === Mode.MODE_ADAPTIVE || mode === Mode.MODE_HYBRID;
}
