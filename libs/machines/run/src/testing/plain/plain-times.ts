/** Timeouts of tasks. */
import { parseDurationMs, type TaskDocument, type TimeoutDocument } from "@tutti/definitions";

/**
 * Returns the timeouts. A duration alone limits each attempt of an agent, or the whole task if no agent
 * executes it.
 */
export function timeoutOf({ timeout, uses }: Pick<TaskDocument, "timeout" | "uses">): TimeoutDocument {
  if (typeof timeout !== "string") return timeout ?? {};
  return uses === undefined ? { total: timeout } : { run: timeout };
}

/** Returns the timeout over all attempts. */
export function totalMsOf(document: TaskDocument): number {
  return parseDurationMs(timeoutOf(document).total ?? "") ?? 0;
}
