/** What is told of a run in one line. */
import type { Run } from "@tutti/rest/types";

/** What it ended with, where that was not its output. */
export function whatFailed({ outcome, statusReason }: Pick<Run, "outcome" | "statusReason">): string {
  const error = outcome?.failed ?? outcome?.terminated ?? outcome?.cancelled;
  return error?.message || error?.code || statusReason || "";
}
