/**
 * Shows a run as a task. The id of the task is the id of the run, and nothing else is stored, so a task survives a
 * restart of all processes.
 */
import type { Approval, Run, RunEvent } from "@tutti/rest/types";
import { isOfOtherRun, placeText } from "../calls/related-questions.ts";
import { progressOf } from "../mcp/run-tasks.ts";
import { budgetExtension, type Json } from "./protocol.ts";

export type TaskState =
  | "TASK_STATE_SUBMITTED"
  | "TASK_STATE_WORKING"
  | "TASK_STATE_INPUT_REQUIRED"
  | "TASK_STATE_COMPLETED"
  | "TASK_STATE_FAILED"
  | "TASK_STATE_CANCELED";

/** A running run that waits for a person or a signal is `TASK_STATE_INPUT_REQUIRED` instead. */
const states: Readonly<Record<Run["status"], TaskState>> = {
  unspecified: "TASK_STATE_SUBMITTED",
  pending: "TASK_STATE_SUBMITTED",
  running: "TASK_STATE_WORKING",
  paused: "TASK_STATE_WORKING",
  cancelling: "TASK_STATE_WORKING",
  continued: "TASK_STATE_WORKING",
  quarantined: "TASK_STATE_WORKING",
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  terminated: "TASK_STATE_FAILED",
  cancelled: "TASK_STATE_CANCELED",
};

/** The statuses of runs that may be tasks of a state. Undefined for a state that no task has. */
export function statusesOf(state: string): readonly Run["status"][] | undefined {
  const target = state === "TASK_STATE_INPUT_REQUIRED" ? "TASK_STATE_WORKING" : state;
  const found = Object.entries(states).flatMap(([status, taskState]) =>
    taskState === target && status !== "unspecified" ? [status as Run["status"]] : [],
  );
  return found.length === 0 ? undefined : found;
}

export const isTaskState = (text: string): boolean =>
  statusesOf(text) !== undefined || text === "TASK_STATE_REJECTED" || text === "TASK_STATE_AUTH_REQUIRED";

/** The question that a run asks its client. */
export type Question =
  | { readonly kind: "approval"; readonly approval: Approval }
  | { readonly kind: "signals"; readonly signals: readonly string[] };

export function stateOf({ status }: Run, question: Question | undefined): TaskState {
  return question !== undefined && status === "running" ? "TASK_STATE_INPUT_REQUIRED" : states[status];
}

export const hasEnded = ({ status }: Run): boolean =>
  states[status] !== "TASK_STATE_WORKING" && states[status] !== "TASK_STATE_SUBMITTED";

/** Labels by which runs are found as tasks. */
export const contextLabel = "a2a.context";
export const messageLabel = "a2a.message";

export const contextOf = ({ runId, spec }: Run): string => spec?.labels[contextLabel] ?? runId;

export interface TaskParts {
  readonly run: Run;
  readonly question: Question | undefined;
  /** Undefined if the client did not request it. */
  readonly history: readonly Json[] | undefined;
  readonly hasArtifacts: boolean;
}

export function taskOf({ run, question, history, hasArtifacts }: TaskParts): Json {
  return {
    id: run.runId,
    contextId: contextOf(run),
    status: statusOf(run, question),
    ...(hasArtifacts && { artifacts: artifactsOf(run) }),
    ...(history !== undefined && history.length > 0 && { history }),
    metadata: {
      "tutti/workflow": run.spec?.definition?.name ?? "",
      "tutti/status": run.status,
      [budgetExtension]: { used: usedOf(run) },
    },
  };
}

function usedOf({ used }: Run): Json {
  const { tokens = 0, money = 0, timeMs = 0 } = used ?? {};
  return { tokens, usd: money, timeMs };
}

export function statusOf(run: Run, question: Question | undefined): Json {
  const { createTimeMs = 0, endTimeMs = createTimeMs } = run;
  const parts = statusParts(run, question);
  return {
    state: stateOf(run, question),
    timestamp: new Date(endTimeMs).toISOString(),
    ...(parts.length > 0 && {
      message: {
        messageId: `${run.runId}-${run.eventCount ?? 0}`,
        taskId: run.runId,
        contextId: contextOf(run),
        role: "ROLE_AGENT",
        parts,
      },
    }),
  };
}

function statusParts(run: Run, question: Question | undefined): readonly Json[] {
  const { status, outcome } = run;
  if (status === "completed") return [];
  const error = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  if (error !== undefined) return [{ text: `${error.message ?? status} (${error.code ?? status})` }];
  if (question === undefined) return [{ text: progressOf(run) }];
  if (question.kind === "signals") {
    const { signals } = question;
    const names = signals.map((name) => `\`${name}\``).join(", ");
    return [{ text: `Waits for the signal ${names}` }, { data: { signals } }];
  }
  const { approvalId, title, message, context, form, about, inboxTask } = question.approval;
  const text = [title, message].filter((part) => part !== undefined && part !== "").join(": ");
  const place = placeText(question.approval, run.runId);
  const schema: unknown = form === undefined || form === "" ? undefined : JSON.parse(form);
  const data = {
    approvalId,
    ...(isOfOtherRun(question.approval, run.runId) && { runId: about?.id }),
    ...(inboxTask !== undefined && {
      inbox: inboxTask.inbox,
      capability: inboxTask.capability,
    }),
    ...(context !== undefined && { context }),
    ...(schema !== undefined && { form: schema }),
  };
  const shown = [text === "" ? "Waits for an approval" : text, place && `It ${place}.`];
  return [{ text: shown.filter((part) => part !== undefined).join(" ") }, { data }];
}

/** The output of a completed run is its one artifact. */
export function artifactsOf({ status, outcome }: Run): readonly Json[] {
  if (status !== "completed" || outcome?.completed === undefined) return [];
  const output = outcome.completed;
  const part =
    typeof output === "string"
      ? { text: output, mediaType: "text/plain" }
      : { data: output, mediaType: "application/json" };
  return [{ artifactId: "output", name: "output", parts: [part] }];
}

/** The messages that a run was sent: its input, and its signals. */
export function historyOf(run: Run, events: readonly RunEvent[]): readonly Json[] {
  const { runId, spec } = run;
  const common = { taskId: runId, contextId: contextOf(run), role: "ROLE_USER" };
  const messages: Json[] = [];
  const first = spec?.labels[messageLabel] ?? `${runId}-0`;
  if (spec?.input !== undefined) messages.push({ messageId: first, ...common, parts: [partOf(spec.input)] });
  for (const [at, { type, details, event = 0 }] of events.entries()) {
    if (type !== "signal_received") continue;
    const { payload } = (details as { readonly signal?: { readonly payload?: unknown } }).signal ?? {};
    const key = keyAfter(events, at);
    messages.push({ messageId: key ?? `${runId}-${event}`, ...common, parts: [partOf(payload ?? null)] });
  }
  return messages;
}

const partOf = (value: unknown): Json => (typeof value === "string" ? { text: value } : { data: value });

/** The id of a message is the key of its signal. */
function keyAfter(events: readonly RunEvent[], at: number): string | undefined {
  for (const { type, details } of events.slice(at + 1)) {
    if (type === "signal_received") return undefined;
    const { key } = (details ?? {}) as { readonly key?: unknown };
    if (type === "runtime.key_answered" && typeof key === "string") return key;
  }
  return undefined;
}
