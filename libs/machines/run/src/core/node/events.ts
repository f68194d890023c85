/** Events that end or hold tasks of every kind. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import {
  TaskCompletedV1,
  TaskFailedV1,
  TaskHeldV1,
  TaskPausedV1,
  TaskResumedV1,
  TaskSkippedV1,
} from "@tutti/contracts/workflow/v1";
import { blobsOf, dataOf } from "@tutti/machine-work";
import { recountGang } from "../attempt/offer.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { nodeTimers, timerNumber } from "../state/numbers.ts";
import { detailOf, type Node, type RunEvent, type RunOutstanding } from "../state/state.ts";
import { since } from "../state/times.ts";
import { recordUsed } from "./budget.ts";
import { setOutput } from "./data.ts";
import { detachChild } from "./detached-children.ts";
import { recordLastFailure } from "./failures.ts";
import { finishNode, settleWork, stop } from "./flow.ts";
import { clearLimits, nodeOf, release, setStatus, startVisit, watchTotal } from "./nodes.ts";

export const taskCompleted: RunEvent<TaskCompletedV1> = {
  type: "task_completed",
  version: 1,
  codec: TaskCompletedV1,
  blobs: ({ output, outputPayload }) => blobsOf(outputPayload, output),
  evolve(run, { node: number, output, outputPayload, endMs, agent, used, fromCache }, outstanding) {
    const node = startVisit(run, number, endMs, outstanding);
    if (stateOfKind(node, "function") === undefined) finish(node, outstanding);
    else stop(run, node, endMs, outstanding);
    setOutput(run, node, dataOf(output, outputPayload));
    if (agent !== "") node.agent = agent;
    recordUsed(run, node, used);
    if (fromCache) detailOf(node).fromCache = true;
    finishNode(run, node, TaskStatus.TASK_STATUS_COMPLETED, endMs, outstanding);
  },
};

export const taskFailed: RunEvent<TaskFailedV1> = {
  type: "task_failed",
  version: 1,
  codec: TaskFailedV1,
  // Its parts may have waited for a person.
  described: true,
  evolve(run, { node: number, error, endMs, agent, used, leavesChild }, outstanding) {
    const node = startVisit(run, number, endMs, outstanding);
    if (leavesChild) detachChild(run, node);
    recordUsed(run, node, used);
    stop(run, node, endMs, outstanding);
    node.error = error;
    if (agent !== "") node.agent = agent;
    finishNode(run, node, TaskStatus.TASK_STATUS_FAILED, endMs, outstanding);
    recountGang(run, node, outstanding);
  },
};

/** An offered or running attempt is the one thing that most nodes have outstanding. */
function finish(node: Node, outstanding: RunOutstanding): void {
  clearLimits(node, outstanding);
  if (node.status === TaskStatus.TASK_STATUS_QUEUED || node.status === TaskStatus.TASK_STATUS_RUNNING)
    settleWork(node.number, outstanding);
  else if (node.status !== TaskStatus.TASK_STATUS_HELD) release(node.number, outstanding);
}

export const taskSkipped: RunEvent<TaskSkippedV1> = {
  type: "task_skipped",
  version: 1,
  codec: TaskSkippedV1,
  evolve(run, { node: number, endMs }, outstanding) {
    const node = startVisit(run, number, endMs, outstanding);
    finishNode(run, node, TaskStatus.TASK_STATUS_SKIPPED, endMs, outstanding);
  },
};

/** Another attempt is due, but the paused run starts nothing. */
export const taskHeld: RunEvent<TaskHeldV1> = {
  type: "task_held",
  version: 1,
  codec: TaskHeldV1,
  evolve(run, { node: number, cacheMiss }, outstanding) {
    const node = nodeOf(run, number);
    if (cacheMiss !== undefined) detailOf(node).cacheMiss = cacheMiss;
    outstanding.cleared(timerNumber(number, nodeTimers.again));
    outstanding.cleared(timerNumber(number, nodeTimers.cache));
    detailOf(node).dueMs = 0;
    setStatus(run, node, TaskStatus.TASK_STATUS_HELD);
    run.agenda.push(number);
  },
};

/** A person must decide how the task continues. */
export const taskPaused: RunEvent<TaskPausedV1> = {
  type: "task_paused",
  version: 1,
  codec: TaskPausedV1,
  described: true,
  evolve(run, { node: number, error, pauseMs }, outstanding) {
    const node = startVisit(run, number, pauseMs, outstanding);
    stop(run, node, pauseMs, outstanding);
    node.error = error;
    recordLastFailure(run, node, pauseMs, TaskStatus.TASK_STATUS_PAUSED);
    setStatus(run, node, TaskStatus.TASK_STATUS_PAUSED);
  },
};

/** Starts another visit: attempts count again. */
export const taskResumed: RunEvent<TaskResumedV1> = {
  type: "task_resumed",
  version: 1,
  codec: TaskResumedV1,
  described: true,
  evolve(run, { node: number, resumeMs }, outstanding) {
    const node = nodeOf(run, number);
    node.error = undefined;
    node.tries = 0;
    node.visit += 1;
    if (node.more !== undefined) node.more.lost = 0;
    node.readyAt = since(run, resumeMs);
    watchTotal(run, node, outstanding);
    setStatus(run, node, TaskStatus.TASK_STATUS_HELD);
    run.agenda.push(number);
  },
};
