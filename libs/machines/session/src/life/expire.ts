/** The timeout of a session expires. */
import { SessionPhase } from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { detailOfRefusal } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { type SessionStep, type SessionView, specOf } from "../state.ts";
import { stopSession } from "./end.ts";
import { goingOn } from "./step.ts";

export function expire(session: SessionView, _timer: number, step: SessionStep): void {
  if (session.phase === SessionPhase.SESSION_PHASE_STOPPING) return;
  goingOn(session, step, () => {
    const { timeoutMs } = specOf(session);
    const refusal = sessionErrors.timedOut.refusal({ id: step.key.id, timeoutMs });
    stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: detailOfRefusal(refusal) });
  });
}
