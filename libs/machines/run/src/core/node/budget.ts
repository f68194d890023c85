/**
 * Accounting of a run that has a budget: an escrow, as in missions.
 *
 * 1. An attempt or child starts only after its expected amounts are reserved, and if some of each limited
 *    amount is left.
 * 2. Unknown use counts as used in full: of an attempt whose agent is lost, and of a task that was stopped.
 * 3. Compensation runs also if nothing is left.
 * 4. The rest is lent to the offered turns of functions, so that concurrent turns never have more than the
 *    rest together. A turn that is lost returns its part: unlike reserved amounts, it does not count as used.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import {
  add,
  amountsText,
  expectedWithin,
  fitsWithin,
  isLimited,
  isNothing,
  kinds,
  noAmounts,
  remainingWithin,
  rounded,
  subtract,
  usedUpWithin,
} from "@tutti/machine-work";
import { rangeViewOf } from "../state/places.ts";
import {
  detailOf,
  type Node,
  type NodeView,
  type RangeView,
  type Run,
  type RunView,
} from "../state/state.ts";
import { lentOf, updateLent } from "./lent.ts";
import { addUsed } from "./nodes.ts";
import type { Place } from "./task-kind.ts";
import { cacheWaitingFunctions, waitingFunctions, waitingOf } from "./waiting-functions.ts";

/** Returns whether the run has a budget. */
export function hasBudget({ order }: RunView): boolean {
  return !isNothing(order?.budget);
}

/** Returns the amounts that can still be reserved, for each limited kind. */
function remainingOf({ order, used, reserved }: RunView): Amounts {
  return remainingWithin(order?.budget, used, reserved);
}

/** Returns the part of the rest that is not lent to a turn of a function. */
function freeOf(run: RunView): Amounts {
  return remainingWithin(run.order?.budget, run.used, run.reserved, lentOf(run));
}

/** Returns the part of the rest that a function or child gets: every candidate gets the same part. */
function shareOf(
  run: RunView,
  { number, range }: { readonly number: number; readonly range: RangeView },
): Amounts {
  const share = freeOf(run);
  // A function waits for its part and gets back the unused amounts. A list has further entries that want a
  // part.
  const except = new Set([number]);
  for (let at: RangeView = range; at.owner >= 0; at = rangeViewOf(run, at.owner))
    if (!at.isEntries) except.add(at.owner);
  let candidates = 1 + waitingFunctions(run);
  for (const each of except) candidates -= waitingOf(run, each);
  for (const kind of kinds) {
    const least = leastOf(kind);
    const part = Math.floor(share[kind] / candidates / least) * least;
    share[kind] = rounded(Math.max(part, Math.min(least, share[kind])));
  }
  return share;
}

/** Returns whether too little of the budget is left for a task to start. */
export function isShortFor(place: Pick<Place, "run" | "range" | "task">): boolean {
  const { run, task } = place;
  if (!hasBudget(run)) return false;
  const expected = expectedOf(place);
  // A task without known expectations takes no part of the rest, and does not wait for the end of a turn.
  const remaining = task.kind === "uses" && isNothing(expected) ? remainingOf(run) : freeOf(run);
  return !fitsWithin(run.order?.budget, remaining, expected);
}

/**
 * Returns the budget of the run that continues this one. Absent without limit, undefined if a limited amount
 * is used up.
 */
export function budgetForNext(run: RunView): Amounts | undefined {
  const remaining = remainingOf(run);
  return usedUpWithin(run.order?.budget, remaining) === undefined ? remaining : undefined;
}

/** Returns whether reserved or lent amounts may be returned in part. */
export function mayBeReturned(run: RunView): boolean {
  return !isNothing(run.reserved) || !isNothing(lentOf(run));
}

/** Returns the amounts that an attempt reserves. Absent for nothing. */
export function reservedFor(place: Place): Amounts | undefined {
  const expected = expectedOf(place);
  return isNothing(expected) ? undefined : expected;
}

/**
 * Returns the amounts that a turn of a function may use: its reserved amounts and its part of the rest. For
 * folds.
 */
export function budgetForTurn(run: Run, node: NodeView): Amounts {
  cacheWaitingFunctions(run);
  const budget = shareOf(run, node);
  add(budget, node.more?.reserved);
  return budget;
}

/**
 * Returns the budget of a child: the amounts that its task expects, or else its part of the rest, and never
 * more than its task allows. Absent if nothing has a limit.
 */
export function budgetForChild(place: Place): Amounts | undefined {
  const { run } = place;
  const own = remainingForTask(place);
  if (!hasBudget(run)) return own;
  const childBudget = expectedOf(place);
  const share = shareOf(run, place);
  for (const kind of kinds) {
    if (childBudget[kind] === 0) childBudget[kind] = share[kind];
    const most = own?.[kind] ?? 0;
    if (most > 0) childBudget[kind] = childBudget[kind] > 0 ? Math.min(childBudget[kind], most) : most;
  }
  return childBudget;
}

/**
 * Returns the amounts that an attempt of a task may use: its budget minus the use of earlier attempts. Absent
 * without a budget.
 */
export function remainingForTask({
  run,
  range,
  task,
  number,
}: Pick<Place, "run" | "range" | "task" | "number">): Amounts | undefined {
  const { budget } = range.plan.policy(task);
  if (!isLimited(budget)) return undefined;
  const remaining = remainingWithin(budget, run.nodes[number]?.more?.used);
  // An amount of 0 would mean no limit.
  for (const kind of kinds)
    if ((budget?.[kind] ?? 0) > 0) remaining[kind] = Math.max(remaining[kind], leastOf(kind));
  return remaining;
}

function leastOf(kind: (typeof kinds)[number]): number {
  return kind === "money" ? 1e-6 : 1;
}

/** Describes the used part of the budget, and the part that a task needs. */
export function describeBudget(
  { order, used }: RunView,
  required = noAmounts(),
): { readonly used: string; readonly of: string; readonly required: string } {
  return {
    used: amountsText(used ?? noAmounts()),
    of: amountsText({ ...noAmounts(), ...order?.budget }),
    required: isNothing(required) ? "" : amountsText(required),
  };
}

/** Returns the expected amounts of a task, for each limited kind: as configured, or its maximum time. */
export function expectedOf({ run, range, task }: Pick<Place, "run" | "range" | "task">): Amounts {
  const limit = run.order?.budget;
  return isNothing(limit) ? noAmounts() : expectedWithin(limit, range.plan.policy(task));
}

/** Reserves the amounts of a starting attempt. For folds. */
export function reserve(run: Run, node: Node, amounts: Amounts | undefined): void {
  if (amounts === undefined) return;
  detailOf(node).reserved = { ...amounts };
  run.reserved ??= noAmounts();
  add(run.reserved, amounts);
  updateLent(run, node);
}

/** Records the use of an attempt that has ended. For folds. */
export function recordUsed(run: Run, node: Node, used: ReadOnly<Amounts> | undefined): void {
  releaseReserved(run, node);
  addUsed(run, node, used);
}

/** Records an attempt with unknown use. For folds. */
export function recordUnknownUse(run: Run, node: Node): void {
  recordUsed(run, node, node.more?.reserved);
}

function releaseReserved(run: Run, node: Node): void {
  const { more } = node;
  if (more?.reserved === undefined) return;
  run.reserved ??= noAmounts();
  subtract(run.reserved, more.reserved);
  if (isNothing(run.reserved)) run.reserved = undefined;
  more.reserved = undefined;
  updateLent(run, node);
}
