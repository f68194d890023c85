/**
 * Gangs: tasks that were added together and start together, or not at all. Pools start them, according to
 * their offers.
 *
 * 1. All members that are ready are offered in one step, or held together: members that wait for each other
 *    never hold the budget or the places that other members need.
 * 2. Each offer contains the number of members that have not ended. If a member ends without a result, the
 *    others are offered again.
 */
import { type Amounts, TaskStatus } from "@tutti/contracts/types/v1";
import { add, isDone, noAmounts } from "@tutti/machine-work";
import { expectedFor } from "../budget/accounting.ts";
import { effectNumber } from "../state/numbers.ts";
import { hasOwnBudget } from "../state/own-budget.ts";
import type { Mission, MissionOutstanding, MissionView, Task, TaskView } from "../state/state.ts";
import { offerOf } from "./offer.ts";

const { TASK_STATUS_QUEUED: queued, TASK_STATUS_RUNNING: running } = TaskStatus;

export function joinGang({ gangs }: Mission, { number, spec: { gang } }: Task): void {
  if (gang === "") return;
  const members = gangs.get(gang);
  if (members === undefined) gangs.set(gang, [number]);
  else members.push(number);
}

/** Returns the task and the members of its gang. */
export function gangOf({ gangs, tasks }: MissionView, task: TaskView): readonly TaskView[] {
  const { gang } = task.spec;
  return gang === "" ? [task] : (gangs.get(gang) ?? []).flatMap((number) => tasks[number] ?? []);
}

/** Returns the task and the members of its gang that are ready and not offered. */
export function readyTogether(mission: MissionView, task: TaskView): readonly TaskView[] {
  if (task.spec.gang === "") return [task];
  return gangOf(mission, task).filter(
    (member) =>
      member === task || mission.agenda.has(member.number) || member.status === TaskStatus.TASK_STATUS_HELD,
  );
}

/** Returns the amounts that tasks reserve when they start together. */
export function expectedTogether(mission: MissionView, task: TaskView): Amounts {
  const expected = noAmounts();
  for (const member of readyTogether(mission, task))
    if (!hasOwnBudget(member)) add(expected, expectedFor(mission, member));
  return expected;
}

/** Counts the tasks that start together with a task, at the time of the offer. */
export function chooseGang(mission: Mission, task: Task): void {
  const { gang: name } = task.spec;
  if (name === "") return;
  const pool = poolOf(task);
  let size = 1;
  let elsewhere = 0;
  let started = true;
  for (const other of gangOf(mission, task)) {
    if (other === task || isDone(other.status) || other.isWithdrawn) continue;
    if (poolOf(other) === pool) size += 1;
    else elsewhere += 1;
    started &&= other.status === running;
  }
  task.gang = size + elsewhere === 1 ? undefined : { name, size, started, elsewhere };
}

function poolOf({ profile }: TaskView): string {
  return profile?.pool || "default";
}

/** Offers the remaining members again after a member ended without a result: they do not wait for it. */
export function recountGang(mission: Mission, changed: Task, outstanding: MissionOutstanding): void {
  if (changed.spec.gang === "") return;
  for (const task of gangOf(mission, changed) as readonly Task[]) {
    if (task === changed || (task.status !== queued && task.status !== running)) continue;
    chooseGang(mission, task);
    outstanding.effect(effectNumber(task.number), task.attempt, offerOf(mission, task));
  }
}
