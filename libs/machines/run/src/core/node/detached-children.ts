/**
 * Detached children. A child that is being started when it is detached starts anyway, and its run waits for
 * that before it ends.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { startKind, stateOfKind } from "../state/kind-state.ts";
import { effectNumber, effectTags } from "../state/numbers.ts";
import {
  detailOf,
  type Node,
  type NodeView,
  type Run,
  type RunOutstanding,
  type RunView,
} from "../state/state.ts";

/** Returns whether its child is being started, and starts in any case. */
export function isToStart({ status, range, task }: NodeView): boolean {
  if (status !== TaskStatus.TASK_STATUS_QUEUED) return false;
  const work = range.plan.work(range.plan.task(task));
  return (work.kind === "workflow" || work.kind === "mission") && work.parentClose === "abandon";
}

/** Returns whether the run must wait for detached children to start before it ends. */
export function awaitsDetachedStarts(run: RunView): boolean {
  return run.alone > 0 || run.nodes.some((node) => node !== undefined && isToStart(node));
}

/** Marks the child of a node as detached. For folds. */
export function detachChild(run: Run, node: Node): void {
  if (!isToStart(node) || stateOfKind(node, "child")?.startsAlone === true) return;
  const detail = detailOf(node);
  const state = startKind(detail, "child");
  state.startsAlone = true;
  state.aloneBudget = detail.reserved && { ...detail.reserved };
  run.alone += 1;
}

/** Records that a detached child has started or will not start. For folds. */
export function settleDetachedChild(run: Run, node: Node, outstanding: RunOutstanding): void {
  const state = stateOfKind(node, "child");
  if (state?.startsAlone !== true) return;
  state.startsAlone = false;
  state.aloneBudget = undefined;
  run.alone -= 1;
  outstanding.settled(effectNumber(node.number, effectTags.work));
}
