/** Finds the open questions to people. */
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import type { RunQuestion } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { taskIdIn } from "../../core/state/places.ts";
import type { NodeView, RangeView, RunView } from "../../core/state/state.ts";

export function hasOpenQuestions(run: RunView): boolean {
  return run.nodes.some((node) => node !== undefined && isOpen(node));
}

/** Returns the number of open questions. A run without questions is not searched. */
export function openQuestions(run: RunView): number {
  if (run.more?.hasOpenQuestions !== true) return 0;
  let open = 0;
  for (const node of run.nodes) if (node !== undefined && isOpen(node)) open += 1;
  return open;
}

export function isOpen({ status, more }: NodeView): boolean {
  return status === TaskStatus.TASK_STATUS_WAITING && more?.question?.verdict === Verdict.VERDICT_UNSPECIFIED;
}

/** Returns whether a durable function or an agent asks, and not the definition. */
export function isAskedByCode(run: RunView, { owner }: Pick<RangeView, "owner">): boolean {
  return stateOfKind(run.nodes[owner], "function") !== undefined;
}

/** Returns when a question expires, or its claim ends, whichever is first. 0 for neither. */
export function dueOf({ expireMs, claim }: ReadOnly<RunQuestion>): number {
  const claimMs = claim?.expireMs ?? 0;
  if (claimMs === 0 || expireMs === 0) return claimMs || expireMs;
  return Math.min(claimMs, expireMs);
}

export interface OpenQuestion {
  readonly approvalId: string;
  readonly task: string;
}

/** Returns the open questions: all of them, or those of some nodes. */
export function questionsOpen(
  run: RunView,
  isSelected: (node: NodeView) => boolean = () => true,
): readonly OpenQuestion[] {
  if (run.more?.hasOpenQuestions !== true) return [];
  return run.nodes.flatMap((node) => {
    if (node === undefined || !isOpen(node) || !isSelected(node)) return [];
    const approvalId = node.more?.question?.approvalId ?? "";
    return [{ approvalId, task: taskIdIn(run, node.range, node.number) }];
  });
}

/** Returns whether a node is the node with this number, or one of its direct or indirect parts. */
export function isWithin(run: RunView, node: NodeView, number: number): boolean {
  for (let at: NodeView | undefined = node; at !== undefined; at = run.nodes[at.range.owner])
    if (at.number === number) return true;
  return false;
}

/**
 * Returns the first place of the range of a node, or of its outermost owner: ranges of the run itself have no
 * owner.
 */
export function outermostPlace(run: RunView, node: NodeView): number {
  let at = node;
  for (let owner = run.nodes[at.range.owner]; owner !== undefined; owner = run.nodes[at.range.owner])
    at = owner;
  return at.range.first;
}
