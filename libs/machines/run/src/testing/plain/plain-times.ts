/** How long tasks may take. */
import { parseDurationMs, type TaskDocument, type TimeoutDocument } from "@tutti/definitions";

/** A span alone is the time of each attempt of an agent, and of the whole where no agent does it. */
export function timeoutOf({ timeout, uses }: Pick<TaskDocument, "timeout" | "uses">): TimeoutDocument {
  if (typeof timeout !== "string") return timeout ?? {};
  return uses === undefined ? { total: timeout } : { run: timeout };
}

/** Returns how long the time over all attempts is. */
export function totalMsOf(document: TaskDocument): number {
  return parseDurationMs(timeoutOf(document).total ?? "") ?? 0;
}
