/** Which questions to people are open. */
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import type { NodeView, RunView } from "../state.ts";

export function isAsking(run: RunView): boolean {
  return run.nodes.some((node) => node !== undefined && isOpen(node));
}

/** How many are open. A run that asks nobody anything has not to be looked through. */
export function openQuestions(run: RunView): number {
  if (run.more?.isAsking !== true) return 0;
  let open = 0;
  for (const node of run.nodes) if (node !== undefined && isOpen(node)) open += 1;
  return open;
}

export function isOpen({ status, more }: NodeView): boolean {
  return status === TaskStatus.TASK_STATUS_WAITING && more?.question?.verdict === Verdict.VERDICT_UNSPECIFIED;
}
