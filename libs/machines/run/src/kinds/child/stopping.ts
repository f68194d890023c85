/** Messages to the children of nodes that are stopped. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { isDone, type StepBudget, type Stopping, stopChild } from "@tutti/machine-work";
import { isWaitingForLimits, releaseLimitsOfTask } from "../../core/limit/child-limits.ts";
import { idOf, type Place, placeOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { partRanges } from "../../core/state/places.ts";
import type { NodeView, RangeView, RunStep, RunView } from "../../core/state/state.ts";

/** Stops the children of all open nodes of the run. */
export function stopAllChildren(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  mode: Stopping,
  isSelected: (node: NodeView) => boolean = () => true,
): void {
  for (const node of run.nodes)
    if (node !== undefined && isSelected(node)) stopChildOfOpen(run, step, budget, node, mode);
}

/** Stops the children of a node and its parts. */
export function stopChildrenOf(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  number: number,
  mode: Stopping,
): void {
  const node = run.nodes[number];
  if (node === undefined || isDone(node.status)) return;
  for (const parts of partRanges(run, node)) stopChildrenIn(run, step, budget, parts, mode);
  stopChildOfOpen(run, step, budget, node, mode);
}

/** Stops the children of the parts of a node that ends before them. */
export function stopChildrenIn(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  range: RangeView,
  mode: Stopping,
): void {
  for (let number = range.first; number < range.first + range.count; number++) {
    const node = run.nodes[number];
    if (node === undefined || isDone(node.status)) continue;
    for (const parts of partRanges(run, node)) stopChildrenIn(run, step, budget, parts, mode);
    stopChildOfOpen(run, step, budget, node, mode);
  }
}

function stopChildOfOpen(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  node: NodeView,
  mode: Stopping,
): void {
  if (isDone(node.status) || node.status === TaskStatus.TASK_STATUS_PENDING) return;
  const place = placeOf(run, node.number, step, budget);
  stopChildOf(place, mode);
}

/**
 * Notifies the child of a task that is stopped before its end, unless the child is detached. The caller emits
 * the event.
 */
export function stopChildOf(place: Place, mode: Stopping): void {
  const { run, number, range, task, step } = place;
  const { status } = run.nodes[number] ?? {};
  const work = range.plan.work(task);
  if (work.kind !== "workflow" && work.kind !== "mission") return;
  releaseLimitsOfTask(place);
  const node = run.nodes[number];
  if (node !== undefined && isWaitingForLimits(node)) return;
  const isThere = status === TaskStatus.TASK_STATUS_WAITING || status === TaskStatus.TASK_STATUS_QUEUED;
  if (!isThere || work.parentClose === "abandon") return;
  stopChild(step, {
    kind: work.kind === "mission" ? "mission" : "run",
    id: stateOfKind(node, "child")?.childId ?? "",
    definition: work.definition,
    parent: { ...step.key, task: idOf(place) },
    isStarting: status === TaskStatus.TASK_STATUS_QUEUED,
    mode: work.parentClose === "terminate" ? "terminate" : mode,
    reason: `${idOf(place)} of ${step.key.id} was stopped`,
  });
}
