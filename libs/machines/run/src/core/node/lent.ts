/**
 * Amounts that offered turns of functions may use beyond the amounts that they have reserved. For folds,
 * except `lentOf`.
 *
 * 1. The sum is kept, so reading it costs the same in a run of any size. It follows from the nodes, and a
 *    snapshot contains neither the sum nor the parts.
 * 2. The part of a node is the amount that its turn may use beyond the reserved amounts, while the turn is
 *    offered. Each change of its status, its turn, or its reserved amounts is followed by `updateLent`.
 * 3. The sum is nothing exactly if no node has a part: a remainder would make a run wait for ever.
 */
import { type Amounts, TaskStatus } from "@tutti/contracts/types/v1";
import { add, noAmounts, subtract } from "@tutti/machine-work";
import type { Node, Run, RunView } from "../state/state.ts";

/** Undefined for nothing. */
export function lentOf({ lent }: RunView): Readonly<Amounts> | undefined {
  return lent?.amounts;
}

export function updateLent(run: Run, node: Node): void {
  const { more } = node;
  if (more === undefined || (more.turnBudget === undefined && more.lent === undefined)) return;
  if (more.lent !== undefined) reclaim(run, more.lent);
  more.lent = partOf(node);
  if (more.lent !== undefined) lend(run, more.lent);
}

function partOf({ status, more }: Node): Amounts | undefined {
  if (more?.turnBudget === undefined || !isOffered(status)) return undefined;
  const part = { ...more.turnBudget };
  subtract(part, more.reserved);
  return part;
}

function isOffered(status: TaskStatus): boolean {
  return status === TaskStatus.TASK_STATUS_QUEUED || status === TaskStatus.TASK_STATUS_RUNNING;
}

function lend(run: Run, part: Amounts): void {
  run.lent ??= { amounts: noAmounts(), lenders: 0 };
  run.lent.lenders += 1;
  add(run.lent.amounts, part);
}

function reclaim(run: Run, part: Amounts): void {
  const { lent } = run;
  if (lent === undefined) return;
  lent.lenders -= 1;
  subtract(lent.amounts, part);
  if (lent.lenders === 0) run.lent = undefined;
}
