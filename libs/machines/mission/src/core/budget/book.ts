/**
 * The books of a mission, for folds and for those who look at them.
 *
 * 1. In each limited amount, spent and reserved together never exceed the limit: an amount must be reserved
 *    before it is spent.
 * 2. An amount counts as used if it is not known to be unused: a reservation without a holder is spent, not
 *    returned.
 * 3. Reported use beyond all that there was is kept apart, as an overrun, and books nothing.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import {
  add,
  expectedWithin,
  fitsWithin,
  isNothing,
  kinds,
  leftWithin,
  noAmounts,
  rounded,
  subtract,
} from "@tutti/machine-work";
import type { Mission, MissionView, Task, TaskView } from "../state/state.ts";

/** What may be used up in all. What is 0 has no limit. */
export function limitOf({ order, raised }: Pick<MissionView, "order" | "raised">): Amounts {
  const limit = noAmounts();
  for (const kind of kinds) {
    const own = order?.spec?.budget?.amounts?.[kind] ?? 0;
    const parents = order?.parentBudget?.[kind] ?? 0;
    const mine = own > 0 ? rounded(own + raised[kind]) : 0;
    limit[kind] = mine > 0 && parents > 0 ? Math.min(mine, parents) : mine || parents;
  }
  return limit;
}

/** What can still be set aside, where there is a limit. 0 elsewhere. */
export function availableOf(mission: MissionView): Amounts {
  return leftWithin(limitOf(mission), mission.spent, mission.reserved);
}

/** Returns whether so much can be set aside. Of what is limited there has to be something left. */
export function isAffordable(mission: MissionView, wanted: Readonly<Amounts>): boolean {
  return fitsWithin(limitOf(mission), availableOf(mission), wanted);
}

/** What an attempt of a task sets aside: as much as is expected of it, of what is limited. */
export function wantedBy(mission: MissionView, { spec, authority }: TaskView): Amounts {
  const wanted = expectedWithin(limitOf(mission), spec);
  // What was delegated has what it may use up, for all its attempts.
  for (const kind of kinds) if ((authority?.budget?.[kind] ?? 0) > 0) wanted[kind] = 0;
  return wanted;
}

export function setAside(mission: Mission, task: Task, amounts: Amounts | undefined): void {
  if (amounts === undefined || isNothing(amounts)) return;
  task.reserved ??= noAmounts();
  add(task.reserved, amounts);
  add(mission.reserved, amounts);
  mission.revisions.budget += 1;
}

/** What an attempt, or a child, has used up. */
export function book(mission: Mission, task: Task, used: Amounts | undefined): void {
  if (used === undefined || isNothing(used)) return;
  const limit = limitOf(mission);
  const available = availableOf(mission);
  for (const kind of kinds) {
    const wanted = used[kind];
    if (wanted === 0) continue;
    const own = task.reserved?.[kind] ?? 0;
    const isDelegated = (task.authority?.budget?.[kind] ?? 0) > 0;
    const free = isDelegated ? 0 : available[kind];
    const booked = limit[kind] > 0 || isDelegated ? Math.min(wanted, rounded(own + free)) : wanted;
    const ofOwn = Math.min(booked, own);
    if (task.reserved !== undefined) task.reserved[kind] = rounded(own - ofOwn);
    mission.reserved[kind] = rounded(mission.reserved[kind] - ofOwn);
    mission.spent[kind] = rounded(mission.spent[kind] + booked);
    mission.overrun[kind] = rounded(mission.overrun[kind] + wanted - booked);
  }
  task.used ??= noAmounts();
  add(task.used, used);
  const participant = mission.participants.get(task.agent);
  if (participant !== undefined) add(participant.used, used);
  mission.revisions.budget += 1;
}

/** An attempt is over: what it did not use up is returned, or counts as used if unknown. */
export function giveBack(mission: Mission, task: Task, isLost: boolean): void {
  const { reserved } = task;
  if (reserved === undefined) return;
  const delegated = task.authority?.budget;
  for (const kind of kinds) {
    const left = reserved[kind];
    if (left === 0) continue;
    if (isLost) {
      mission.spent[kind] = rounded(mission.spent[kind] + left);
      task.used ??= noAmounts();
      task.used[kind] = rounded(task.used[kind] + left);
    }
    // What was delegated stays with the task until its end.
    else if ((delegated?.[kind] ?? 0) > 0) continue;
    mission.reserved[kind] = rounded(mission.reserved[kind] - left);
    reserved[kind] = 0;
  }
  if (isNothing(reserved)) task.reserved = undefined;
  mission.revisions.budget += 1;
}

/** The task is over: what was delegated goes back to who delegated it, while that one is running. */
export function giveBackAll(mission: Mission, task: Task, to: Task | undefined): void {
  const { reserved } = task;
  if (reserved === undefined) return;
  if (to !== undefined) {
    to.reserved ??= noAmounts();
    add(to.reserved, reserved);
  } else subtract(mission.reserved, reserved);
  task.reserved = undefined;
  mission.revisions.budget += 1;
}
