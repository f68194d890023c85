/** Adds tasks to the board. For folds. */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-work";
import type { Mission, MissionOutstanding, Task } from "../state/state.ts";
import { endSkipped, recordNeedEnd, settleNeeds } from "./flow.ts";
import { joinGang } from "./gang.ts";
import { newTask, type Origin, storedBytesOf, taskOf } from "./nodes.ts";

export function addTasks(
  mission: Mission,
  specs: readonly TaskSpec[],
  origin: Origin,
  outstanding: MissionOutstanding,
): readonly Task[] {
  const added = specs.map((spec, index) => newTask(mission, mission.tasks.length + index, spec, origin));
  for (const task of added) place(mission, task);
  // Needs may name tasks later in the same list.
  for (const task of added) link(mission, task);
  const ended: Task[] = [];
  for (const task of added) {
    mission.remaining += 1;
    if (task.status === 1) settleNeeds(mission, task, origin.addMs, outstanding, ended);
  }
  endSkipped(mission, ended, origin.addMs, outstanding);
  mission.revisions.tasks += 1;
  return added;
}

/** Registers a task by its number and its id. */
export function place(mission: Mission, task: Task): void {
  mission.tasks[task.number] = task;
  mission.byId.set(task.spec.id, task.number);
  joinGang(mission, task);
  mission.counts[task.status] = (mission.counts[task.status] ?? 0) + 1;
  mission.storedBytes += storedBytesOf(task);
  if (task.parent < 0) return;
  const parent = taskOf(mission, task.parent);
  parent.parts ??= [];
  parent.parts.push(task.number);
}

/** Links a task to its needs. A need that has ended counts immediately. */
function link(mission: Mission, task: Task): void {
  for (const need of task.spec.needs) {
    const needed = taskOf(mission, mission.byId.get(need.task) ?? -1);
    const condition = need.condition || 1;
    if (task.open >= 0) task.open += 1;
    follow(needed, task, condition);
    if (isDone(needed.status) && task.open >= 0) recordNeedEnd(task, condition, needed);
  }
}

export function follow(needed: Task, task: Task, condition: number): void {
  needed.followers ??= [];
  needed.followers.push({ node: task.number, condition });
}
