/**
 * The books of a run that has a budget: an escrow, as that of missions.
 *
 * 1. An attempt, or a child, starts only once what is expected of it is set aside, and there is something left of all
 *    that has a limit.
 * 2. Unknown use counts as used in full: of an attempt whose agent is gone, and of a task that was stopped.
 * 3. Compensation runs also if nothing is left.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import {
  add,
  expectedWithin,
  fitsWithin,
  isNothing,
  kinds,
  leftWithin,
  noAmounts,
  subtract,
  usedUpWithin,
} from "@tutti/machine-work";
import { detailOf, type Node, type NodeView, type Run, type RunView } from "../state/state.ts";
import { addUsed } from "./nodes.ts";
import type { Place } from "./task-kind.ts";

/** Returns whether it has a budget to keep within. */
export function hasBudget({ order }: RunView): boolean {
  return !isNothing(order?.budget);
}

/** What can still be set aside, of what has a limit. */
function leftOf({ order, used, reserved }: RunView): Amounts {
  return leftWithin(order?.budget, used, reserved);
}

/** Returns whether too little of the budget is left for a task to start. */
export function isShortFor(place: Pick<Place, "run" | "range" | "task">): boolean {
  const { run } = place;
  return hasBudget(run) && !fitsWithin(run.order?.budget, leftOf(run), expectedOf(place));
}

/** What the run that it continues as may use up. Absent without limit, undefined where nothing is left of something. */
export function leftForNext(run: RunView): Amounts | undefined {
  const left = leftOf(run);
  return usedUpWithin(run.order?.budget, left) === undefined ? left : undefined;
}

/** Returns whether what is set aside may come back, in part. */
export function mayComeBack({ reserved }: RunView): boolean {
  return !isNothing(reserved);
}

/** What an attempt sets aside. Absent for nothing. */
export function reservedFor(place: Place): Amounts | undefined {
  const wanted = expectedOf(place);
  return isNothing(wanted) ? undefined : wanted;
}

/** What a turn of a function may use up: what it has set aside, and the rest. */
export function leftForTurn(run: RunView, { more }: NodeView): Amounts {
  const left = leftOf(run);
  if (more?.reserved !== undefined) add(left, more.reserved);
  return left;
}

/** What a child may use up: what is expected of it, or else all that is left. Absent where nothing has a limit. */
export function givenToChild(place: Place): Amounts | undefined {
  const { run } = place;
  if (!hasBudget(run)) return undefined;
  const given = expectedOf(place);
  const left = leftOf(run);
  for (const kind of kinds) if (given[kind] === 0) given[kind] = left[kind];
  return given;
}

/** Of what has a limit: as the task says, or as long as it may take. */
function expectedOf({ run, range, task }: Pick<Place, "run" | "range" | "task">): Amounts {
  const limit = run.order?.budget;
  return isNothing(limit) ? noAmounts() : expectedWithin(limit, range.plan.policy(task));
}

/** For folds: an attempt of it starts. */
export function reserve(run: Run, node: Node, amounts: Amounts | undefined): void {
  if (amounts === undefined) return;
  detailOf(node).reserved = { ...amounts };
  run.reserved ??= noAmounts();
  add(run.reserved, amounts);
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

function releaseReserved(run: Run, { more }: Node): void {
  if (more?.reserved === undefined) return;
  run.reserved ??= noAmounts();
  subtract(run.reserved, more.reserved);
  if (isNothing(run.reserved)) run.reserved = undefined;
  more.reserved = undefined;
}
