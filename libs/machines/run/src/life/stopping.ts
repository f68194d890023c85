/** What is told to others when nodes are stopped: by their kinds, by letters. */
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { StepBudget, Stopping } from "@tutti/machine-work";
import { isDone } from "@tutti/machine-work";
import { placeOf } from "../kinds/kind.ts";
import { kindOf } from "../kinds/table.ts";
import { partRanges } from "../node/places.ts";
import type { NodeView, RangeView, RunStep, RunView } from "../state.ts";

/** All open nodes of the run. */
export function tellAllStopping(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  how: Stopping,
  isMeant: (node: NodeView) => boolean = () => true,
): void {
  for (const node of run.nodes) if (node !== undefined && isMeant(node)) tell(run, step, budget, node, how);
}

/** A node with its parts. */
export function tellStopping(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  number: number,
  how: Stopping,
): void {
  const node = run.nodes[number];
  if (node === undefined || isDone(node.status)) return;
  for (const parts of partRanges(run, node)) tellPartsStopping(run, step, budget, parts, how);
  tell(run, step, budget, node, how);
}

/** The parts of a node that ends before them. */
export function tellPartsStopping(
  run: RunView,
  step: RunStep,
  budget: StepBudget,
  range: RangeView,
  how: Stopping,
): void {
  for (let number = range.first; number < range.first + range.count; number++) {
    const node = run.nodes[number];
    if (node === undefined || isDone(node.status)) continue;
    for (const parts of partRanges(run, node)) tellPartsStopping(run, step, budget, parts, how);
    tell(run, step, budget, node, how);
  }
}

function tell(run: RunView, step: RunStep, budget: StepBudget, node: NodeView, how: Stopping): void {
  if (isDone(node.status) || node.status === TaskStatus.TASK_STATUS_PENDING) return;
  const place = placeOf(run, node.number, step, budget);
  kindOf(place.task.kind).stopping?.(place, how);
}
