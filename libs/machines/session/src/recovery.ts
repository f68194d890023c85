/** All that is outstanding in a state. */
import { SessionPhase } from "@tutti/contracts/session/v1";
import { askBefore, askChoice, askGoal } from "./life/asking.ts";
import { timeoutTimer } from "./numbers.ts";
import { recoverPart } from "./part/parts.ts";
import {
  hasEnded,
  type Part,
  type Session,
  type SessionOutstanding,
  type SessionView,
  specOf,
} from "./state.ts";

export function recoverSession(view: SessionView, outstanding: SessionOutstanding): void {
  const session = view as Session;
  if (session.order === undefined || hasEnded(session)) return;
  const { timeoutMs } = specOf(session);
  const isStopping = session.phase === SessionPhase.SESSION_PHASE_STOPPING;
  if (timeoutMs > 0 && !isStopping && session.retries === 0)
    outstanding.timer(timeoutTimer, session.createMs + timeoutMs);
  if (!isStopping || session.lockMs > 0) askBefore(session, outstanding);
  if (session.phase === SessionPhase.SESSION_PHASE_PLANNING) askGoal(session, outstanding);
  if (session.phase === SessionPhase.SESSION_PHASE_CHOOSING) askChoice(session, outstanding);
  for (const part of session.parts as Part[]) recoverPart(session, part, outstanding);
}
