/**
 * Children that continue after they are detached. One that is being started just then is started all the same, and its
 * run waits for that before it ends.
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
export function isToBegin({ status, range, task }: NodeView): boolean {
  if (status !== TaskStatus.TASK_STATUS_QUEUED) return false;
  const work = range.plan.work(range.plan.task(task));
  return (work.kind === "workflow" || work.kind === "mission") && work.parentClose === "abandon";
}

/** Returns whether the run cannot end without leaving such children behind. */
export function awaitsDetachedStarts(run: RunView): boolean {
  return run.alone > 0 || run.nodes.some((node) => node !== undefined && isToBegin(node));
}

/** Its child is detached from here on. For folds. */
export function detachChild(run: Run, node: Node): void {
  if (!isToBegin(node) || stateOfKind(node, "child")?.startsAlone === true) return;
  const detail = detailOf(node);
  const state = startKind(detail, "child");
  state.startsAlone = true;
  state.aloneBudget = detail.reserved && { ...detail.reserved };
  run.alone += 1;
}

/** Its child starts, or will not: it was detached. For folds. */
export function settleDetachedChild(run: Run, node: Node, outstanding: RunOutstanding): void {
  const state = stateOfKind(node, "child");
  if (state?.startsAlone !== true) return;
  state.startsAlone = false;
  state.aloneBudget = undefined;
  run.alone -= 1;
  outstanding.settled(effectNumber(node.number, effectTags.work));
}
