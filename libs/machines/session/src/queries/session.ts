/** A session as a message of the contract. */
import type { Session as SessionMessage, SessionPart, SessionSpec } from "@tutti/contracts/session/v1";
import type { Cause, Outcome } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { countsOf, type Data, momentOf, workOutcome } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { usedBy } from "../life/end.ts";
import { outputOf } from "../life/output.ts";
import { partId } from "../numbers.ts";
import {
  hasEnded,
  openQuestions,
  type PartView,
  type Session,
  type SessionView,
  statusOf,
} from "../state.ts";
import { explanationOf } from "./explain.ts";
import { workMessage } from "./messages.ts";
import { performanceOf, progressOf } from "./performance.ts";

export interface ShowSessionOptions {
  /** Includes inputs, the output, and the ids of tasks by part. */
  readonly whole: boolean;
}

const idsMax = 1_000;

export const showSession: Query<Session, ShowSessionOptions, SessionMessage> = {
  type: "session",
  answer(session, { whole }, { key, nowMs }) {
    const { order } = session;
    if (order === undefined || session.removeMs > 0) return sessionErrors.missing.refusal({ id: key.id });
    const cause = session.createCause as Cause | undefined;
    return {
      namespace: key.namespace,
      sessionId: key.id,
      spec: specMessage(session, whole),
      status: statusOf(session),
      statusReason: hasEnded(session) ? "" : explanationOf(session, nowMs).summary,
      outcome: outcomeOf(session, whole),
      effectiveMode: session.mode,
      parts: session.parts.map((part) => partMessage(session, part, whole)),
      tasks: countsOf(session.counts, session.tasks.length),
      progress: progressOf(session, nowMs),
      expectedEndTime: hasEnded(session) ? undefined : momentOf(session.plan?.expectedEndMs ?? 0),
      performance: performanceOf(session, nowMs),
      openApprovals: openQuestions(session),
      parent: order.parent && { ...order.parent },
      // Only the history knows it.
      eventCount: 0,
      createTime: momentOf(session.createMs),
      startTime: momentOf(session.beginMs),
      endTime: momentOf(session.endMs),
      createCause: cause && { ...cause },
      used: usedBy(session),
      revision: "",
    };
  },
};

/** Returns the specification without its tasks, which have their own query. */
function specMessage({ order }: SessionView, whole: boolean): SessionSpec | undefined {
  const source = order?.spec as SessionSpec | undefined;
  // A removed dependency has left an empty place.
  const spec = source && {
    ...source,
    dependsOn: source.dependsOn.filter(({ session }) => session !== undefined),
  };
  if (spec?.work?.$case === "goal" && !whole)
    return { ...spec, work: { $case: "goal", value: { ...spec.work.value, input: undefined } } };
  if (spec?.work?.$case !== "tasks") return spec;
  const { output, input } = spec.work.value;
  const value = { tasks: [], output, input: whole ? input : undefined };
  return { ...spec, work: { $case: "tasks", value } };
}

function partMessage(session: SessionView, part: PartView, whole: boolean): SessionPart {
  const { number, mode, status, reason, createMs, endMs, tasks } = part;
  const ids = whole ? [...tasks].slice(0, idsMax).map((task) => session.tasks[task]?.spec.id ?? "") : [];
  return {
    partId: partId(number),
    mode,
    work: workMessage(session, part),
    status,
    taskIds: ids,
    taskCount: tasks.size,
    reason,
    createTime: momentOf(createMs),
    endTime: momentOf(endMs),
  };
}

function outcomeOf(session: SessionView, whole: boolean): Outcome | undefined {
  const output = (): Data | undefined => (whole ? (outputOf(session) as Data | undefined) : undefined);
  return workOutcome({ status: statusOf(session), error: session.error, output });
}
