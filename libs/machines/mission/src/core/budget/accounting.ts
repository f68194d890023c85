/**
 * Accounting of a mission. For folds and readers.
 *
 * 1. In each limited amount, spent and reserved together never exceed the limit: an amount must be reserved
 *    before it is spent.
 * 2. An amount counts as used if it is not known to be unused: a reservation without a holder is spent, not
 *    returned.
 * 3. Reported use beyond the reserved and available amounts is recorded apart, as an overrun.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import {
  add,
  expectedWithin,
  fitsWithin,
  isNothing,
  kinds,
  noAmounts,
  remainingWithin,
  rounded,
  subtract,
} from "@tutti/machine-work";
import type { Mission, MissionView, Task, TaskView } from "../state/state.ts";

/** Returns the limits of all usage. 0 means no limit. */
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

/** Returns the amounts that can still be reserved. 0 for an amount without a limit. */
export function availableOf(mission: MissionView): Amounts {
  return remainingWithin(limitOf(mission), mission.spent, mission.reserved);
}

/** Returns whether these amounts can be reserved. Some of each limited amount must be left. */
export function isAffordable(mission: MissionView, amounts: Readonly<Amounts>): boolean {
  return fitsWithin(limitOf(mission), availableOf(mission), amounts);
}

/** Returns the amounts that an attempt of a task reserves: the expected ones, for each limited kind. */
export function expectedFor(mission: MissionView, { spec, authority }: TaskView): Amounts {
  const expected = expectedWithin(limitOf(mission), spec);
  // A delegated task has its budget for all its attempts.
  for (const kind of kinds) if ((authority?.budget?.[kind] ?? 0) > 0) expected[kind] = 0;
  return expected;
}

export function reserve(mission: Mission, task: Task, amounts: Amounts | undefined): void {
  if (amounts === undefined || isNothing(amounts)) return;
  task.reserved ??= noAmounts();
  add(task.reserved, amounts);
  add(mission.reserved, amounts);
  mission.revisions.budget += 1;
}

/** Records the usage of an attempt or a child. */
export function recordUsed(mission: Mission, task: Task, used: Amounts | undefined): void {
  if (used === undefined || isNothing(used)) return;
  const limit = limitOf(mission);
  const available = availableOf(mission);
  for (const kind of kinds) {
    const amount = used[kind];
    if (amount === 0) continue;
    const own = task.reserved?.[kind] ?? 0;
    const isDelegated = (task.authority?.budget?.[kind] ?? 0) > 0;
    const free = isDelegated ? 0 : available[kind];
    const booked = limit[kind] > 0 || isDelegated ? Math.min(amount, rounded(own + free)) : amount;
    const ofOwn = Math.min(booked, own);
    if (task.reserved !== undefined) task.reserved[kind] = rounded(own - ofOwn);
    mission.reserved[kind] = rounded(mission.reserved[kind] - ofOwn);
    mission.spent[kind] = rounded(mission.spent[kind] + booked);
    mission.overrun[kind] = rounded(mission.overrun[kind] + amount - booked);
  }
  task.used ??= noAmounts();
  add(task.used, used);
  const participant = mission.participants.get(task.agent);
  if (participant !== undefined) add(participant.used, used);
  mission.revisions.budget += 1;
}

/** Returns the unused amounts of an attempt. If the usage is unknown, all of them count as used. */
export function releaseUnused(mission: Mission, task: Task, isLost: boolean): void {
  const { reserved } = task;
  if (reserved === undefined) return;
  const delegated = task.authority?.budget;
  for (const kind of kinds) {
    const unused = reserved[kind];
    if (unused === 0) continue;
    if (isLost) {
      mission.spent[kind] = rounded(mission.spent[kind] + unused);
      task.used ??= noAmounts();
      task.used[kind] = rounded(task.used[kind] + unused);
    }
    // Delegated amounts stay with the task until its end.
    else if ((delegated?.[kind] ?? 0) > 0) continue;
    mission.reserved[kind] = rounded(mission.reserved[kind] - unused);
    reserved[kind] = 0;
  }
  if (isNothing(reserved)) task.reserved = undefined;
  mission.revisions.budget += 1;
}

/** Returns the delegated amounts of an ended task to the delegating task, while that is running. */
export function releaseAll(mission: Mission, task: Task, to: Task | undefined): void {
  const { reserved } = task;
  if (reserved === undefined) return;
  if (to !== undefined) {
    to.reserved ??= noAmounts();
    add(to.reserved, reserved);
  } else subtract(mission.reserved, reserved);
  task.reserved = undefined;
  mission.revisions.budget += 1;
}
