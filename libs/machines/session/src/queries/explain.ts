/** Explains a session, or one of its tasks. The explanation of an open task names the cause of its wait. */
import { SessionPhase } from "@tutti/contracts/session/v1";
import {
  type Explanation,
  type Remedy,
  type Wait,
  WaitCause,
  type WorkReference,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import { counted, type Query, type ReadOnly } from "@tutti/kernel";
import { isDone, momentOf, statusName, taskStatusName } from "@tutti/machine-work";
import { modeName } from "../description.ts";
import { sessionErrors } from "../errors.ts";
import { goalOf, planningRunId } from "../life/goal.ts";
import { isWaitingForOthers } from "../life/prerequisites.ts";
import { partId } from "../numbers.ts";
import { isDecided, questionRunId } from "../part/deciding.ts";
import {
  hasEnded,
  isOpen,
  type PartView,
  type Session,
  type SessionView,
  specOf,
  statusOf,
  type TaskView,
} from "../state.ts";

export const explainSession: Query<Session, { readonly taskId: string }, Explanation> = {
  type: "explain_session",
  answer(session, { taskId }, { key, nowMs }) {
    if (session.order === undefined) return sessionErrors.missing.refusal({ id: key.id });
    const about = { namespace: key.namespace, kind: "session", id: key.id, task: taskId };
    if (taskId === "") return { ...empty, about, ...explanationOf(session, nowMs) };
    const task = session.tasks[session.byId.get(taskId) ?? -1];
    if (task === undefined) return sessionErrors.taskMissing.refusal({ id: key.id, task: taskId });
    const explanation = explainTask(session, task, nowMs);
    return {
      ...empty,
      about,
      ...explanation,
      summary: `${explanation.summary}${describeMoves(session, task)}`,
    };
  },
};

const empty = {
  summary: "",
  waits: [],
  candidates: [],
  failures: [],
  remedies: [],
  expectedStartTime: undefined,
  parts: [],
} satisfies Omit<Explanation, "about">;

interface WaitExplanation {
  readonly summary: string;
  readonly waits: Wait[];
  readonly remedies: Remedy[];
}

export function explanationOf(session: SessionView, nowMs: number): WaitExplanation {
  if (hasEnded(session)) {
    const statusText = statusName(statusOf(session));
    return plain(
      `it is ${statusText}${session.error === undefined ? "" : `: ${session.error.message}`}${describeMode(session)}`,
    );
  }
  if (session.pauseMs > 0)
    return waiting(session.pauseMs, {
      cause: WaitCause.WAIT_CAUSE_PAUSED,
      message: `it is paused${session.pauseReason === "" ? "" : `: ${session.pauseReason}`}`,
      remedy: { text: "Resume the session.", command: `tutti resume ${session.key.id}` },
    });
  switch (session.phase) {
    case SessionPhase.SESSION_PHASE_WAITING:
      return explainPending(session);
    case SessionPhase.SESSION_PHASE_PLANNING:
      return explainPlanned(session);
    case SessionPhase.SESSION_PHASE_CHOOSING:
      return plain("it is being chosen how its tasks are done");
    case SessionPhase.SESSION_PHASE_STOPPING:
      return waiting(nowMs, {
        cause: WaitCause.WAIT_CAUSE_CHILD,
        message: `it ends, and waits for ${counted(session.openParts, "part")} to end`,
      });
    default:
      return plain(
        `${session.remaining} of ${counted(session.tasks.length, "task")} ${session.remaining === 1 ? "is" : "are"} left${describeMode(session)}`,
      );
  }
}

/** Describes the mode, and who chose it. */
function describeMode(session: SessionView): string {
  const { mode, choices, parts } = session;
  if (mode === 0) return "";
  const modeChoice = choices.findLast(({ kind }) => kind === "mode" || kind === "cut");
  const reason = modeChoice === undefined ? "the mode was set at the start" : modeChoice.reason;
  const count = parts.length > 1 ? ` in ${parts.length} parts` : "";
  return `. It ${hasEnded(session) ? "was" : "is"} done in the mode ${modeName(mode)}${count}: ${reason}`;
}

/** Returns the name, with the namespace if it differs. */
function nameOf(other: ReadOnly<WorkReference> | undefined, own: string): string {
  const { namespace = "", id = "" } = other ?? {};
  return namespace === "" || namespace === own ? id : `${namespace}/${id}`;
}

function explainPending(session: SessionView): WaitExplanation {
  const { dependsOn, locks } = specOf(session);
  if (isWaitingForOthers(session)) {
    const open = dependsOn.filter(
      (_, index) => session.dependencies[index] === WorkStatus.WORK_STATUS_UNSPECIFIED,
    );
    const names = open.map(({ session: other }) => nameOf(other, session.key.namespace));
    const wait = waiting(session.createMs, {
      cause: WaitCause.WAIT_CAUSE_NEEDS,
      message: `it starts when ${names.slice(0, 10).join(", ")} ${names.length === 1 ? "has" : "have"} ended`,
      subject: open[0]?.session?.id ?? "",
    });
    const [first] = wait.waits;
    if (first !== undefined)
      first.holders = open.flatMap(({ session: other }) => (other === undefined ? [] : [{ ...other }]));
    return wait;
  }
  const names = locks.map(({ name }) => name);
  return waiting(session.createMs, {
    cause: WaitCause.WAIT_CAUSE_LOCK,
    message: `it starts when it holds ${names.slice(0, 10).join(", ")}`,
    subject: names[0] ?? "",
  });
}

function explainPlanned(session: SessionView): WaitExplanation {
  const { namespace } = session.key;
  const planner = goalOf(session)?.planner ?? "";
  const id = planningRunId(session);
  const wait = waiting(session.goal?.askMs ?? 0, {
    cause: WaitCause.WAIT_CAUSE_CHILD,
    message: `it starts when ${planner} has broken its goal down into tasks`,
    subject: id,
    remedy: { text: "Check who must decide", command: `tutti why ${id}` },
  });
  const [first] = wait.waits;
  if (first !== undefined) first.holders = [{ namespace, kind: "run", id, task: "" }];
  return wait;
}

/** Describes the mode of a task if it has changed, and why. */
function describeMoves({ moves, parts }: SessionView, { number }: TaskView): string {
  const last = moves.findLast(({ task }) => task === number);
  if (last === undefined) return "";
  const [before, now] = [parts[last.fromPart], parts[last.toPart]].map((part) => modeName(part?.mode ?? 0));
  return `; it moved from ${before} to ${now}${last.reason === "" ? "" : `: ${last.reason}`}`;
}

function explainTask(session: SessionView, task: TaskView, nowMs: number): WaitExplanation {
  const { status, error, reason, agent, plannedAgent, plannedStartMs } = task;
  if (isDone(status)) {
    const detail = error?.message || reason;
    return plain(`it is ${taskStatusName(status)}${detail === "" ? "" : `: ${detail}`}`);
  }
  if (session.pauseMs > 0 && task.startMs === 0) return explanationOf(session, nowMs);
  if (task.startMs > 0) return plain(`${agent || "an agent"} runs it`);
  const open = task.spec.needs
    .map(({ task: id }) => id)
    .filter((id) => !isDone(session.tasks[session.byId.get(id) ?? -1]?.status ?? 0));
  if (open.length > 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_NEEDS,
      message: `it needs ${open.slice(0, 10).join(", ")} to end first`,
      subject: open[0] ?? "",
    });
  const part = session.parts[task.part];
  if (part === undefined) return explanationOf(session, nowMs);
  if (!isOpen(part)) return plain(`its part ${partId(part.number)} has ended`);
  if (!task.isPlaced && isDecided(part)) return explainUndecided(session, part);
  if (!task.isPlaced && plannedStartMs > 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_BUSY,
      message: `the plan gives it to ${plannedAgent || "any agent"}, later`,
      subject: plannedAgent,
    });
  return waiting(task.readyMs || part.createMs, {
    cause: WaitCause.WAIT_CAUSE_BUSY,
    message: reason || `it waits for an agent in part ${partId(part.number)}, ${modeName(part.mode)}`,
  });
}

/** Explains a task about which its orchestrator has not decided, or is being asked. */
function explainUndecided(session: SessionView, part: PartView): WaitExplanation {
  const { orchestrator } = specOf(session);
  const id = questionRunId(session, part);
  const reason = part.decision === "" ? "" : `; its last decision: ${part.decision}`;
  const wait = waiting(part.createMs, {
    cause: WaitCause.WAIT_CAUSE_CHILD,
    message: `it starts when ${orchestrator} starts it${reason}`,
    subject: id,
    remedy: { text: "Check who must decide", command: `tutti why ${id}` },
  });
  const [first] = wait.waits;
  if (first !== undefined) first.holders = [{ namespace: session.key.namespace, kind: "run", id, task: "" }];
  return wait;
}

interface Cause {
  readonly cause: WaitCause;
  readonly message: string;
  readonly subject?: string;
  readonly remedy?: Remedy;
}

function waiting(sinceMs: number, { cause, message, subject = "", remedy }: Cause): WaitExplanation {
  return {
    summary: message,
    waits: [
      {
        cause,
        message,
        subject,
        present: true,
        holders: [],
        waitedMs: 0,
        startTime: momentOf(sinceMs),
        endTime: undefined,
      },
    ],
    remedies: remedy === undefined ? [] : [remedy],
  };
}

function plain(summary: string): WaitExplanation {
  return { summary, waits: [], remedies: [] };
}
