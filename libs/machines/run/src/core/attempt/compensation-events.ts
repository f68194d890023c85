/** Compensation undoes the effect of a task. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { UndoCompletedV1, UndoFailedV1, UndoQueuedV1 } from "@tutti/contracts/workflow/v1";
import { forgetRetainedEffect, revertedStatus } from "../node/compensation-ledger.ts";
import { addUsed, nodeOf, release, setStatus } from "../node/nodes.ts";
import { offerFrom } from "../state/function-journal.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { nodeTimers, timerNumber } from "../state/numbers.ts";
import { detailOf, type RunEvent, undoOf } from "../state/state.ts";
import { queue } from "./events.ts";

export const undoQueued: RunEvent<UndoQueuedV1> = {
  type: "undo_queued",
  version: 1,
  codec: UndoQueuedV1,
  evolve(run, { node: number, attempt, queueMs, input }, outstanding) {
    const node = nodeOf(run, number);
    const undo = undoOf(node);
    undo.input = input.length === 0 ? undefined : input;
    undo.error = undefined;
    undo.queueMs = queueMs;
    Object.assign(detailOf(node), { dueMs: 0, lost: 0 });
    const code = stateOfKind(node, "function");
    if (code !== undefined) offerFrom(code.journal, 0);
    run.undoing = number;
    run.undo.pop();
    if (undo.earlierEffect !== undefined) undo.earlierEffect.status = node.status;
    setStatus(run, node, TaskStatus.TASK_STATUS_COMPENSATING);
    node.tries = 0;
    const { compensate } = node.range.plan.policy(node.range.plan.task(node.task));
    const totalMs = compensate?.timeouts.totalMs ?? 0;
    if (totalMs > 0) outstanding.timer(timerNumber(number, nodeTimers.total), queueMs + totalMs);
    queue(run, node, attempt, queueMs, outstanding);
  },
};

export const undoCompleted: RunEvent<UndoCompletedV1> = {
  type: "undo_completed",
  version: 1,
  codec: UndoCompletedV1,
  evolve(run, { node: number, agent, used }, outstanding) {
    const node = nodeOf(run, number);
    release(number, outstanding);
    if (agent !== "") node.agent = agent;
    addUsed(run, node, used);
    setStatus(run, node, node.more?.undo?.earlierEffect?.status ?? TaskStatus.TASK_STATUS_COMPENSATED);
    forgetRetainedEffect(run, node);
    run.undoing = -1;
  },
};

/** The task returns to its former status. Its effect remains, and may be undone if the run fails again. */
export const undoFailed: RunEvent<UndoFailedV1> = {
  type: "undo_failed",
  version: 1,
  codec: UndoFailedV1,
  evolve(run, { node: number, error }, outstanding) {
    const node = nodeOf(run, number);
    release(number, outstanding);
    undoOf(node).error = error;
    if (run.undoing === number) {
      run.undoing = -1;
      setStatus(run, node, revertedStatus(node));
    } else run.undo.pop();
  },
};
