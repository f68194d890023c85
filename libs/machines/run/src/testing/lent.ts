/** Computes the sum of lent amounts from every node: the slow alternative to the value that a run keeps. */
import assert from "node:assert/strict";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { add, isNothing, noAmounts, subtract } from "@tutti/machine-work";
import { countWaitingFunctions } from "../core/node/waiting-functions.ts";
import type { RunView } from "../core/state/state.ts";

export function checkLent(run: RunView): void {
  const expected = noAmounts();
  let lenders = 0;
  for (const node of run.nodes) {
    const { turnBudget, reserved } = node?.more ?? {};
    const isOffered =
      node?.status === TaskStatus.TASK_STATUS_QUEUED || node?.status === TaskStatus.TASK_STATUS_RUNNING;
    if (turnBudget === undefined || !isOffered) continue;
    lenders += 1;
    add(expected, turnBudget);
    subtract(expected, reserved);
  }
  assert.deepEqual(run.lent?.amounts ?? noAmounts(), expected, "what the run keeps is what its nodes have");
  assert.equal(run.lent?.lenders ?? 0, lenders);
  if (run.waitingFunctions !== undefined)
    assert.equal(run.waitingFunctions, countWaitingFunctions(run), "waiting functions");
  if (lenders === 0) assert.ok(isNothing(run.lent?.amounts), "no remainder is kept");
}
