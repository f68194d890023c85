/** The outcome of a run in one line. */
import type { Run } from "@tutti/rest/types";
import { count } from "../../elements/moments.ts";

/** The error of a run, or the reason of its state. */
export function failureText({ outcome, statusReason }: Pick<Run, "outcome" | "statusReason">): string {
  const error = outcome?.failed ?? outcome?.terminated ?? outcome?.cancelled;
  return error?.message || error?.code || statusReason || "";
}

/** Tasks that are done or had not to be, of all. Empty while none is known. */
export function tasksDone({ tasks }: Pick<Run, "tasks">): string {
  const { completed = 0, skipped = 0, total = 0 } = tasks ?? {};
  return total === 0 ? "" : `${count(completed + skipped)}/${count(total)}`;
}
