/**
 * Advances a session after every event: starts it when nothing holds it, closes parts without further work, and ends
 * it when its tasks have ended. Every step calls this at its end.
 */
import { Mode, SessionPhase } from "@tutti/contracts/session/v1";
import { operationQueued } from "../part/events.ts";
import { kindOfWork } from "../part/parts.ts";
import {
  acceptsTasks,
  hasEnded,
  isGoing,
  type PartView,
  type SessionStep,
  type SessionView,
} from "../state.ts";
import { newPart } from "../task/references.ts";
import { conclude, endStopped, stopIfUsedUp } from "./end.ts";
import { choosingBegun, goalAsked } from "./events.ts";
import { goalOf } from "./goal.ts";
import { continueIn } from "./part-messages.ts";
import { isBlockedBeforeStart, needsChoice, requestedModeOf } from "./prerequisites.ts";

export function advance(session: SessionView, step: SessionStep): void {
  if (session.order === undefined || hasEnded(session)) return;
  if (session.phase === SessionPhase.SESSION_PHASE_WAITING) start(session, step);
  if (isGoing(session)) concludeIfDone(session, step);
  if (session.phase === SessionPhase.SESSION_PHASE_STOPPING && session.openParts === 0)
    endStopped(session, step);
}

function start(session: SessionView, step: SessionStep): void {
  if (session.pauseMs > 0 || isBlockedBeforeStart(session)) return;
  if (goalOf(session) !== undefined && (session.goal?.planMs ?? 0) === 0) {
    step.emit(goalAsked, { askMs: step.nowMs });
    return;
  }
  if (stopIfUsedUp(session, step)) return;
  const requested = session.mode || requestedModeOf(session);
  // A choice before the retry is kept: the remaining tasks form one part.
  if (session.mode === Mode.MODE_UNSPECIFIED && needsChoice(requested)) {
    step.emit(choosingBegun, { beginMs: step.nowMs });
    return;
  }
  const tasks = session.tasks.filter(({ part }) => part < 0).map(({ number }) => number);
  const mode = requested === Mode.MODE_HYBRID ? Mode.MODE_WORKFLOW : requested;
  const reason = session.retries > 0 ? "the session was retried" : "the mode was set at the start";
  const parts = tasks.length === 0 ? [] : [newPart(session, { mode, tasks, reason })];
  continueIn(session, step, { choice: undefined, mode: requested, parts });
}

function concludeIfDone(session: SessionView, step: SessionStep): void {
  if (session.remaining > 0) return;
  for (const part of session.parts) if (isToClose(part)) close(part, step);
  if (session.openParts === 0) conclude(session, step);
}

/** Returns whether a part must be closed. A run ends by itself, a mission does not. */
function isToClose(part: PartView): boolean {
  return acceptsTasks(part) && kindOfWork(part.mode) === "mission";
}

function close({ number: part }: PartView, step: SessionStep): void {
  step.emit(operationQueued, { part, operation: { operation: { $case: "close", value: true } } });
}
