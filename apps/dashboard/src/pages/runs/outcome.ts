/** What is told of a run in one line. */
import type { Run } from "@tutti/rest/types";

/** What it ended with, where that was not its output. */
export function whatFailed({ outcome, statusReason }: Pick<Run, "outcome" | "statusReason">): string {
  const error = outcome?.failed ?? outcome?.terminated ?? outcome?.cancelled;
  return error?.message || statusReason || "";
}

/** How far a run is: the share of its tasks that are over, and in words. */
export function howFar({ tasks, progress }: Pick<Run, "tasks" | "progress">): {
  share: number;
  words: string;
} {
  const total = tasks?.total ?? 0;
  if (tasks === undefined || total === 0) return { share: progress ?? 0, words: "" };
  const over =
    (tasks.completed ?? 0) +
    (tasks.failed ?? 0) +
    (tasks.skipped ?? 0) +
    (tasks.cancelled ?? 0) +
    (tasks.compensated ?? 0);
  return { share: over / total, words: `${over} of ${total}` };
}
