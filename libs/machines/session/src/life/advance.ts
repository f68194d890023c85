/**
 * Advances a session after every event: starts it when nothing holds it, closes parts without further work, and ends
 * it when its tasks have ended. Every step calls this at its end.
 */
import { Mode, SessionPhase } from "@tutti/contracts/session/v1";
import { operationQueued } from "../part/events.ts";
import { kindOfWork } from "../part/parts.ts";
import { hasEnded, isGoing, type PartView, type SessionStep, type SessionView, takesMore } from "../state.ts";
import { newPart } from "../task/look.ts";
import { isChosen, isHeldBefore, wantedMode } from "./asking.ts";
import { conclude, endStopped, stopWhereUsedUp } from "./end.ts";
import { choosingBegun, goalAsked } from "./events.ts";
import { goalOf } from "./goal.ts";
import { goOnIn } from "./telling.ts";

export function advance(session: SessionView, step: SessionStep): void {
  if (session.order === undefined || hasEnded(session)) return;
  if (session.phase === SessionPhase.SESSION_PHASE_WAITING) begin(session, step);
  if (isGoing(session)) go(session, step);
  if (session.phase === SessionPhase.SESSION_PHASE_STOPPING && session.openParts === 0)
    endStopped(session, step);
}

function begin(session: SessionView, step: SessionStep): void {
  if (session.pauseMs > 0 || isHeldBefore(session)) return;
  if (goalOf(session) !== undefined && (session.goal?.planMs ?? 0) === 0) {
    step.emit(goalAsked, { askMs: step.nowMs });
    return;
  }
  if (stopWhereUsedUp(session, step)) return;
  const wanted = session.mode || wantedMode(session);
  // A choice before the retry is kept: the remaining tasks form one part.
  if (session.mode === Mode.MODE_UNSPECIFIED && isChosen(wanted)) {
    step.emit(choosingBegun, { beginMs: step.nowMs });
    return;
  }
  const tasks = session.tasks.filter(({ part }) => part < 0).map(({ number }) => number);
  const mode = wanted === Mode.MODE_HYBRID ? Mode.MODE_WORKFLOW : wanted;
  const reason = session.retries > 0 ? "the session was retried" : "the mode was set at the start";
  const parts = tasks.length === 0 ? [] : [newPart(session, { mode, tasks, reason })];
  goOnIn(session, step, { choice: undefined, mode: wanted, parts });
}

function go(session: SessionView, step: SessionStep): void {
  if (session.left > 0) return;
  for (const part of session.parts) if (isToClose(part)) close(part, step);
  if (session.openParts === 0) conclude(session, step);
}

/** Returns whether a part must be closed. A run ends by itself, a mission does not. */
function isToClose(part: PartView): boolean {
  return takesMore(part) && kindOfWork(part.mode) === "mission";
}

function close({ number: part }: PartView, step: SessionStep): void {
  step.emit(operationQueued, { part, operation: { operation: { $case: "close", value: true } } });
}
