/**
 * A run as a task and as the result of a tool. The id of the task is the id of the run, and nothing else is stored,
 * so a task survives a restart of all processes.
 */
import type { Run } from "@tutti/rest/types";
import type { Json } from "./protocol.ts";

export const pollIntervalMs = 1_000;

type TaskStatus = "working" | "completed" | "failed" | "cancelled";

export function statusOf({ status }: Run): TaskStatus {
  switch (status) {
    case "completed":
    // A tool that failed is a completed task with an error result. `failed` is of the protocol.
    case "failed":
      return "completed";
    case "cancelled":
      return "cancelled";
    case "terminated":
      return "failed";
    case "unspecified":
    case "pending":
    case "running":
    case "paused":
    case "cancelling":
    case "continued":
    case "quarantined":
      return "working";
  }
}

/** A task, without its outcome. */
export function taskOf(run: Run): Json {
  const { runId, createTimeMs = 0, startTimeMs = createTimeMs, endTimeMs = startTimeMs } = run;
  return {
    taskId: runId,
    status: statusOf(run),
    statusMessage: progressOf(run),
    createdAt: new Date(createTimeMs).toISOString(),
    lastUpdatedAt: new Date(Math.max(createTimeMs, endTimeMs)).toISOString(),
  };
}

/** A run in a line: `running, 2 of 5 tasks completed, 1 open approval`. */
export function progressOf({ status, statusReason = "", tasks, openApprovals = 0 }: Run): string {
  const { completed = 0, total = 0 } = tasks ?? {};
  return [
    status,
    total > 0 ? `${completed} of ${total} tasks completed` : "",
    openApprovals > 0 ? `${openApprovals} open approval${openApprovals === 1 ? "" : "s"}` : "",
    statusReason,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** The outcome of a run that has ended, as the result of the tool that started it. */
export function outcomeOf({ runId, status, outcome }: Run): Json {
  const error = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  const about = { _meta: { "tutti/runId": runId } };
  if (error !== undefined)
    return { ...errorResult(`${error.message ?? status} (${error.code ?? status})`), ...about };
  if (status !== "completed") return { ...errorResult(`Run ${runId} has the status ${status}`), ...about };
  return { ...outputResult(outcome?.completed), ...about };
}

export function outputResult(output: unknown): Json {
  const text = typeof output === "string" ? output : JSON.stringify(output ?? null);
  const isStructured = typeof output === "object" && output !== null && !Array.isArray(output);
  return { content: [{ type: "text", text }], ...(isStructured && { structuredContent: output }) };
}

export function errorResult(text: string): Json {
  return { content: [{ type: "text", text }], isError: true };
}
