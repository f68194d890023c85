/** Dependencies of a session on others: added and removed until it starts, settled when the others end. */
import {
  AddWait,
  DropWait,
  type SessionDependency,
  SessionDone,
  SessionPhase,
  SettleDependency,
} from "@tutti/contracts/session/v1";
import { NeedCondition, WorkStatus } from "@tutti/contracts/types/v1";
import { isEnded, type ReadOnly } from "@tutti/kernel";
import { detailOfRefusal, reasonOf, statusName } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { dependenciesMax } from "../limits.ts";
import { dependencyOfEffect } from "../numbers.ts";
import { type SessionCommand, specOf, statusOf } from "../state.ts";
import { stopSession } from "./end.ts";
import { dependencyAdded, dependencyDropped, dependencySettled } from "./events.ts";
import { isWaitingForOthers } from "./prerequisites.ts";
import { commandOf } from "./step.ts";

type Waited = ReadOnly<Pick<SessionDependency, "session">>;

const done: SessionDone = {};

/** Result: a dependency has ended. */
export const settleDependency: SessionCommand<SettleDependency, SessionDone> = commandOf({
  type: "settle_dependency",
  codec: SettleDependency,
  reply: SessionDone,
  decide(session, { status }, step) {
    const dependency = dependencyOfEffect(step.settles?.number ?? 0);
    const awaited = session.order?.spec?.dependsOn[dependency];
    if (step.settles === undefined || awaited === undefined) return done;
    step.emit(dependencySettled, { dependency, status, settleMs: step.nowMs });
    if (isMet(awaited.condition, status)) return done;
    const other = awaited.session?.id ?? "";
    const refusal = sessionErrors.dependencyFailed.refusal({ other, status: statusName(status) });
    stopSession(session, step, { status: WorkStatus.WORK_STATUS_FAILED, error: detailOfRefusal(refusal) });
    return done;
  },
});

/**
 * Only before the start, and before the session requests its locks: so no session that holds locks waits for others.
 */
export const addWait: SessionCommand<AddWait, SessionDone> = commandOf({
  type: "add_wait",
  codec: AddWait,
  reply: SessionDone,
  decide(session, { dependency, reason }, step) {
    const { id } = step.key;
    if (dependency?.session === undefined)
      return sessionErrors.invalid.refusal({ problem: "expected a session to wait for, got none" });
    const { dependsOn, locks } = specOf(session);
    if (dependsOn.some((known) => isSame(known, dependency, step.key.namespace))) return done;
    const isLocking = locks.length > 0 && !isWaitingForOthers(session);
    if (session.phase !== SessionPhase.SESSION_PHASE_WAITING || isLocking) {
      const statusText = isLocking ? "asking for its locks" : statusName(statusOf(session));
      return sessionErrors.begun.refusal({ id, status: statusText });
    }
    if (dependsOn.length >= dependenciesMax)
      return sessionErrors.tooMany.refusal({
        items: "sessions to wait for",
        found: dependsOn.length + 1,
        max: dependenciesMax,
      });
    step.emit(dependencyAdded, { dependency, reason: reasonOf(reason), addMs: step.nowMs });
    return done;
  },
});

/** Only before the start. The removal of a missing dependency changes nothing. */
export const dropWait: SessionCommand<DropWait, SessionDone> = commandOf({
  type: "drop_wait",
  codec: DropWait,
  reply: SessionDone,
  decide(session, { session: other, reason }, step) {
    const { id, namespace } = step.key;
    const found = specOf(session).dependsOn.flatMap((known, dependency) =>
      isOfSame(known, { session: other }, namespace) ? [dependency] : [],
    );
    if (found.length > 0 && session.phase !== SessionPhase.SESSION_PHASE_WAITING)
      return sessionErrors.begun.refusal({ id, status: statusName(statusOf(session)) });
    for (const dependency of found)
      step.emit(dependencyDropped, { dependency, reason: reasonOf(reason), dropMs: step.nowMs });
    return done;
  },
});

function isSame(
  one: ReadOnly<SessionDependency>,
  other: ReadOnly<SessionDependency>,
  namespace: string,
): boolean {
  return isOfSame(one, other, namespace) && (one.condition || 1) === (other.condition || 1);
}

/**
 * Returns whether both refer to the same session. A reference without a namespace belongs to the namespace of
 * the waiting session.
 */
function isOfSame({ session: one }: Waited, { session: other }: Waited, namespace: string): boolean {
  if (one === undefined || other === undefined || one.id !== other.id) return false;
  return (one.namespace || namespace) === (other.namespace || namespace);
}

function isMet(condition: NeedCondition, status: WorkStatus): boolean {
  if (condition === NeedCondition.NEED_CONDITION_ALWAYS) return isEnded(status);
  if (condition === NeedCondition.NEED_CONDITION_FAILURE) return status === WorkStatus.WORK_STATUS_FAILED;
  return status === WorkStatus.WORK_STATUS_COMPLETED;
}
