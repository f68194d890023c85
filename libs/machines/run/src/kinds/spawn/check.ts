/** Checks tasks before they are added: ids are unique, their needs exist, and no task waits for itself. */
import type { Refusal } from "@tutti/kernel";
import { closureOf } from "../../core/node/reopen.ts";
import type { RunPlan } from "../../core/plan/run-plan.ts";
import { nodesMax } from "../../core/state/limits.ts";
import { findNode, rangeViewOf } from "../../core/state/places.ts";
import type { Run, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";

/** Returns a task that added tasks may need: not an entry, and not a stopped one. */
export function taskThere(run: RunView, id: string): number | undefined {
  const number = findNode(run, id);
  if (number === undefined) return undefined;
  const range = rangeViewOf(run, number);
  return range.isEntries || range.isDropped ? undefined : number;
}

export interface Addable {
  readonly outside: readonly number[];
}

/** @param owner owner of the tasks; -1 for the run */
export function addable(run: RunView, { plan }: RunPlan, owner: number, taskId: string): Addable | Refusal {
  const [scope] = plan.scopes;
  if (scope === undefined || plan.kind !== "tasks") return refusal(taskId, "expected tasks, got none");
  const { count } = scope;
  if (run.nodeCount + count > nodesMax)
    return runErrors.tooManyTasks.refusal({ task: taskId, count, max: nodesMax });
  for (const { id } of plan.tasks.slice(0, count))
    if (taskThere(run, id) !== undefined) return refusal(taskId, `there is a task ${id} already`);
  const outside: number[] = [];
  for (const id of plan.outside) {
    const number = taskThere(run, id);
    if (number === undefined) return refusal(taskId, `expected a task ${id} that is needed, got none`);
    outside.push(number);
  }
  const circle = outside.find((number) => waitingFor(run, owner).has(number));
  if (circle === undefined) return { outside };
  return refusal(taskId, `${plan.outside[outside.indexOf(circle)]} waits for ${taskId} itself`);
}

/** Returns the nodes that wait for a node, or for one of its owners. */
function waitingFor(run: RunView, owner: number): ReadonlySet<number> {
  const owners = new Set<number>();
  for (let current = owner; current >= 0; current = rangeViewOf(run, current).owner) owners.add(current);
  return owners.size === 0 ? owners : closureOf(run as Run, owners);
}

function refusal(task: string, problem: string): Refusal {
  return runErrors.additionInvalid.refusal({ task, problem });
}
