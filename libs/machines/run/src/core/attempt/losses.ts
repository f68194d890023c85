/** Lost workers as users see them: the task goes to another worker, and no attempt has failed. */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { bounded, isDone, lossLengthMax, lostCode, truncate } from "@tutti/machine-work";
import type { NodeView } from "../state/state.ts";

/** Returns the last loss, unless another report has followed it. */
export function lastLoss({
  more,
}: NodeView): { readonly agent: string; readonly reason: string } | undefined {
  const { agent, error } = more?.failures.at(-1) ?? {};
  const isLast = error?.code === lostCode && error.message === truncate(more?.message ?? "", lossLengthMax);
  return isLast ? { agent: agent ?? "", reason: error.message } : undefined;
}

/** Returns the message of a task that has not ended: its progress, or that its worker was lost. */
export function messageOf(node: NodeView): string {
  if (isDone(node.status)) return "";
  const loss = lastLoss(node);
  if (loss === undefined) return node.more?.message ?? "";
  return `worker \`${loss.agent}\` was lost (${loss.reason}), which does not count as a failure`;
}

/** The error of an attempt. */
export function displayedError(error: ReadOnly<ErrorDetail> | undefined): ErrorDetail {
  const displayed = bounded(error);
  if (displayed.code !== lostCode) return displayed;
  return { ...displayed, message: `worker lost (${displayed.message}), which does not count as a failure` };
}
