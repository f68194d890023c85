/**
 * The books of a run that has a budget: an escrow, as that of missions.
 *
 * 1. An attempt, or a child, starts only once what is expected of it is set aside, and there is something left of all
 *    that has a limit.
 * 2. Unknown use counts as used in full: of an attempt whose agent is gone, and of a task that was stopped.
 * 3. Compensation runs also if nothing is left.
 * 4. The rest is lent to the offered turns of functions, so that turns at the same time never have more than the rest
 *    together. A turn that is lost gives its part back: unlike reserved amounts, it does not count as used.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import {
  add,
  expectedWithin,
  fitsWithin,
  inWords,
  isLimited,
  isNothing,
  kinds,
  leftWithin,
  noAmounts,
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
import { keepWaitingFunctions, waitingFunctions, waitingOf } from "./waiting-functions.ts";

/** Returns whether it has a budget to keep within. */
export function hasBudget({ order }: RunView): boolean {
  return !isNothing(order?.budget);
}

/** What can still be set aside, of what has a limit. */
function leftOf({ order, used, reserved }: RunView): Amounts {
  return leftWithin(order?.budget, used, reserved);
}

/** Of this, nothing is lent to the turn of a function. */
function freeOf(run: RunView): Amounts {
  return leftWithin(run.order?.budget, run.used, run.reserved, lentOf(run));
}

/** The part of the rest that a function or child gets: all that want one get the same. */
function shareOf(
  run: RunView,
  { number, range }: { readonly number: number; readonly range: RangeView },
): Amounts {
  const share = freeOf(run);
  // A function waits for its part, and gets back what the part leaves. A list has further entries that want one.
  const except = new Set([number]);
  for (let at: RangeView = range; at.owner >= 0; at = rangeViewOf(run, at.owner))
    if (!at.isEntries) except.add(at.owner);
  let wanted = 1 + waitingFunctions(run);
  for (const each of except) wanted -= waitingOf(run, each);
  for (const kind of kinds) {
    const least = leastOf(kind);
    const part = Math.floor(share[kind] / wanted / least) * least;
    share[kind] = rounded(Math.max(part, Math.min(least, share[kind])));
  }
  return share;
}

/** Returns whether too little of the budget is left for a task to start. */
export function isShortFor(place: Pick<Place, "run" | "range" | "task">): boolean {
  const { run, task } = place;
  if (!hasBudget(run)) return false;
  const wanted = expectedOf(place);
  // A task of which nothing is known takes no part of the rest, and does not wait for a turn to end.
  const left = task.kind === "uses" && isNothing(wanted) ? leftOf(run) : freeOf(run);
  return !fitsWithin(run.order?.budget, left, wanted);
}

/** What the run that it continues as may use up. Absent without limit, undefined where nothing is left of something. */
export function leftForNext(run: RunView): Amounts | undefined {
  const left = leftOf(run);
  return usedUpWithin(run.order?.budget, left) === undefined ? left : undefined;
}

/** Returns whether what is set aside, or lent, may come back in part. */
export function mayComeBack(run: RunView): boolean {
  return !isNothing(run.reserved) || !isNothing(lentOf(run));
}

/** What an attempt sets aside. Absent for nothing. */
export function reservedFor(place: Place): Amounts | undefined {
  const wanted = expectedOf(place);
  return isNothing(wanted) ? undefined : wanted;
}

/** For folds. What a turn of a function may use up: what it has set aside, and its part of the rest. */
export function leftForTurn(run: Run, node: NodeView): Amounts {
  keepWaitingFunctions(run);
  const left = shareOf(run, node);
  add(left, node.more?.reserved);
  return left;
}

/**
 * The budget of a child: the amounts that its task expects, or else its part of the rest, and no more than its task
 * allows. Absent where nothing has a limit.
 */
export function givenToChild(place: Place): Amounts | undefined {
  const { run } = place;
  const own = leftOfTask(place);
  if (!hasBudget(run)) return own;
  const given = expectedOf(place);
  const share = shareOf(run, place);
  for (const kind of kinds) {
    if (given[kind] === 0) given[kind] = share[kind];
    const most = own?.[kind] ?? 0;
    if (most > 0) given[kind] = given[kind] > 0 ? Math.min(given[kind], most) : most;
  }
  return given;
}

/** What an attempt of a task may use up: its budget without what attempts before it used. Absent without a budget. */
export function leftOfTask({
  run,
  range,
  task,
  number,
}: Pick<Place, "run" | "range" | "task" | "number">): Amounts | undefined {
  const { budget } = range.plan.policy(task);
  if (!isLimited(budget)) return undefined;
  const left = leftWithin(budget, run.nodes[number]?.more?.used);
  // An amount of 0 would be no limit.
  for (const kind of kinds) if ((budget?.[kind] ?? 0) > 0) left[kind] = Math.max(left[kind], leastOf(kind));
  return left;
}

function leastOf(kind: (typeof kinds)[number]): number {
  return kind === "money" ? 1e-6 : 1;
}

/** The part of the budget that is used up, and the part that a task needs. */
export function budgetInWords(
  { order, used }: RunView,
  wanted = noAmounts(),
): { readonly used: string; readonly of: string; readonly wanted: string } {
  return {
    used: inWords(used ?? noAmounts()),
    of: inWords({ ...noAmounts(), ...order?.budget }),
    wanted: isNothing(wanted) ? "" : inWords(wanted),
  };
}

/** Of what has a limit: as the task says, or as long as it may take. */
export function expectedOf({ run, range, task }: Pick<Place, "run" | "range" | "task">): Amounts {
  const limit = run.order?.budget;
  return isNothing(limit) ? noAmounts() : expectedWithin(limit, range.plan.policy(task));
}

/** For folds: an attempt of it starts. */
export function reserve(run: Run, node: Node, amounts: Amounts | undefined): void {
  if (amounts === undefined) return;
  detailOf(node).reserved = { ...amounts };
  run.reserved ??= noAmounts();
  add(run.reserved, amounts);
  updateLent(run, node);
}

/** For folds: its attempt is over, and has used up so much. */
export function bookUsed(run: Run, node: Node, used: ReadOnly<Amounts> | undefined): void {
  releaseReserved(run, node);
  addUsed(run, node, used);
}

/** For folds: the use of its attempt is unknown. */
export function bookUnknown(run: Run, node: Node): void {
  bookUsed(run, node, node.more?.reserved);
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
