/** Events of tasks: added, queued, held, ended. */

import {
  TaskCancelledV1,
  TaskCompletedV1,
  TaskFailedV1,
  TaskHeldV1,
  TaskHold,
  TaskPausedV1,
  TaskQueuedV1,
  TaskResumedV1,
  TaskSkippedV1,
  TasksAddedV1,
  TasksWithdrawnV1,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";
import { add, blobsOf, dataOf, isDone, kinds, noAmounts, rounded } from "@tutti/machine-work";
import { addTasks } from "../../core/board/add.ts";
import { end } from "../../core/board/flow.ts";
import { chooseGang, recountGang } from "../../core/board/gang.ts";
import {
  hold,
  makeReady,
  recordAgent,
  release,
  removeFromPlace,
  setInput,
  setOutput,
  setStatus,
  taskOf,
} from "../../core/board/nodes.ts";
import { assignmentOf, canBeClaimed, offerOf } from "../../core/board/offer.ts";
import { recordUsed, releaseUnused, reserve } from "../../core/budget/accounting.ts";
import { effectNumber, taskTimers, timerNumber } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, Task } from "../../core/state/state.ts";
import { countRepetitions } from "../trouble/repetitions.ts";
import { armStuck } from "../trouble/stuck.ts";

export const tasksAdded: MissionEvent<TasksAddedV1> = {
  type: "tasks_added",
  version: 1,
  codec: TasksAddedV1,
  described: true,
  blobs: ({ tasks }) => tasks.flatMap(({ input }) => blobsOf(input)),
  evolve(mission, { tasks, parent, authority, toAgent, fromAgent, cause, addMs }, outstanding) {
    const origin = { parent: parent ?? -1, authority, toAgent, fromAgent, cause, addMs };
    const added = addTasks(mission, tasks, origin, outstanding);
    if (fromAgent !== "")
      countRepetitions(
        mission,
        added.map(({ spec }) => spec),
      );
    const [part] = added;
    // A task whose needs cannot be met has been skipped already: nothing is reserved for it.
    if (authority === undefined || part === undefined || isDone(part.status)) return;
    if (authority.expireTime !== undefined)
      outstanding.timer(timerNumber(part.number, taskTimers.authority), fromTimestamp(authority.expireTime));
    moveBudget(mission, part);
  },
};

/** Takes the amount from the reservation of the delegating task, or else from the rest of the budget. */
function moveBudget(mission: Mission, part: Task): void {
  const budget = part.authority?.budget;
  if (budget === undefined) return;
  const { reserved } = taskOf(mission, part.parent);
  part.reserved = noAmounts();
  add(part.reserved, budget);
  for (const kind of kinds) {
    const moved = Math.min(budget[kind], reserved?.[kind] ?? 0);
    if (reserved !== undefined) reserved[kind] = rounded(reserved[kind] - moved);
    mission.reserved[kind] = rounded(mission.reserved[kind] + budget[kind] - moved);
  }
  mission.revisions.budget += 1;
}

export const tasksWithdrawn: MissionEvent<TasksWithdrawnV1> = {
  type: "tasks_withdrawn",
  version: 1,
  codec: TasksWithdrawnV1,
  described: true,
  evolve(mission, { nodes, reason }, outstanding) {
    for (const number of nodes) {
      const task = taskOf(mission, number);
      const wasQueued = task.status === TaskStatus.TASK_STATUS_QUEUED;
      release(mission, task, outstanding);
      releaseUnused(mission, task, false);
      if (wasQueued) {
        task.tries -= 1;
        task.skipped += 1;
      }
      outstanding.cleared(timerNumber(number, taskTimers.total));
      task.isWithdrawn = true;
      task.reason = reason;
      setStatus(mission, task, TaskStatus.TASK_STATUS_WAITING);
      recountGang(mission, task, outstanding);
    }
  },
};

export const taskQueued: MissionEvent<TaskQueuedV1> = {
  type: "task_queued",
  version: 1,
  codec: TaskQueuedV1,
  described: true,
  evolve(mission, body, outstanding) {
    const { node, attempt, queueMs, input, inputComputed, reserved, onlyAgents, notAgents, details } = body;
    const task = taskOf(mission, node);
    removeFromPlace(mission, task);
    task.attempt = attempt;
    task.tries += 1;
    task.queueMs = queueMs;
    task.reason = "";
    if (inputComputed) setInput(mission, task, dataOf(input, undefined));
    if (details !== undefined) task.details = details;
    if (task.savedNext !== undefined) task.saved = task.savedNext;
    task.onlyAgents = onlyAgents;
    task.notAgents = notAgents;
    reserve(mission, task, reserved);
    if (body.opensPlace) {
      task.opensPlace = true;
      mission.openPlaces += 1;
    }
    setStatus(mission, task, TaskStatus.TASK_STATUS_QUEUED);
    chooseGang(mission, task);
    if (assignmentOf(mission).isOffered)
      outstanding.effect(effectNumber(node), attempt, offerOf(mission, task));
    if (!canBeClaimed(mission, task)) return;
    mission.claimable.add(task);
    const queueMaxMs = task.spec.timeouts?.queueMs ?? 0;
    if (queueMaxMs > 0) outstanding.timer(timerNumber(node, taskTimers.queue), queueMs + queueMaxMs);
  },
};

/** Without a hold, its pause has ended: the task joins those that can start. */
export const taskHeld: MissionEvent<TaskHeldV1> = {
  type: "task_held",
  version: 1,
  codec: TaskHeldV1,
  described: true,
  evolve(mission, { node, hold: taskHold }, outstanding) {
    const task = taskOf(mission, node);
    outstanding.cleared(timerNumber(node, taskTimers.again));
    task.retryMs = 0;
    if (taskHold !== TaskHold.TASK_HOLD_UNSPECIFIED) {
      hold(mission, task, taskHold);
      return;
    }
    removeFromPlace(mission, task);
    mission.agenda.add(node);
    setStatus(mission, task, TaskStatus.TASK_STATUS_PENDING);
  },
};

export const taskCompleted: MissionEvent<TaskCompletedV1> = {
  type: "task_completed",
  version: 1,
  codec: TaskCompletedV1,
  described: true,
  blobs: ({ output, outputPayload }) => blobsOf(outputPayload, output),
  evolve(mission, { node, output, outputPayload, agent, used, endMs }, outstanding) {
    const task = taskOf(mission, node);
    recordAgent(mission, task, agent, endMs);
    recordUsed(mission, task, used);
    setOutput(mission, task, dataOf(output, outputPayload));
    const participant = mission.participants.get(task.agent);
    if (participant !== undefined) participant.done += 1;
    mission.progressMs = endMs;
    armStuck(mission, outstanding);
    end(mission, task, TaskStatus.TASK_STATUS_COMPLETED, endMs, outstanding);
  },
};

export const taskFailed: MissionEvent<TaskFailedV1> = {
  type: "task_failed",
  version: 1,
  codec: TaskFailedV1,
  described: true,
  evolve(mission, { node, error, agent, used, endMs }, outstanding) {
    const task = taskOf(mission, node);
    recordAgent(mission, task, agent, endMs);
    recordUsed(mission, task, used);
    task.error = error;
    end(mission, task, TaskStatus.TASK_STATUS_FAILED, endMs, outstanding);
  },
};

export const taskSkipped: MissionEvent<TaskSkippedV1> = {
  type: "task_skipped",
  version: 1,
  codec: TaskSkippedV1,
  described: true,
  evolve(mission, { node, reason, endMs }, outstanding) {
    const task = taskOf(mission, node);
    task.reason = reason;
    end(mission, task, TaskStatus.TASK_STATUS_SKIPPED, endMs, outstanding);
  },
};

export const taskCancelled: MissionEvent<TaskCancelledV1> = {
  type: "task_cancelled",
  version: 1,
  codec: TaskCancelledV1,
  described: true,
  evolve(mission, { node, error, endMs, accounted, used }, outstanding) {
    const task = taskOf(mission, node);
    if (accounted) {
      recordUsed(mission, task, used);
      releaseUnused(mission, task, false);
    }
    task.error = error;
    end(mission, task, TaskStatus.TASK_STATUS_CANCELLED, endMs, outstanding);
  },
};

export const taskPaused: MissionEvent<TaskPausedV1> = {
  type: "task_paused",
  version: 1,
  codec: TaskPausedV1,
  described: true,
  evolve(mission, { node, error, agent, used, pauseMs }, outstanding) {
    const task = taskOf(mission, node);
    recordAgent(mission, task, agent, pauseMs);
    recordUsed(mission, task, used);
    release(mission, task, outstanding);
    outstanding.cleared(timerNumber(node, taskTimers.total));
    releaseUnused(mission, task, false);
    task.error = error;
    setStatus(mission, task, TaskStatus.TASK_STATUS_PAUSED);
  },
};

export const taskResumed: MissionEvent<TaskResumedV1> = {
  type: "task_resumed",
  version: 1,
  codec: TaskResumedV1,
  described: true,
  evolve(mission, { node, reason, resumeMs }, outstanding) {
    const task = taskOf(mission, node);
    task.tries = 0;
    task.lost = 0;
    task.losses = [];
    task.error = undefined;
    task.reason = reason;
    setStatus(mission, task, TaskStatus.TASK_STATUS_PENDING);
    makeReady(mission, task, resumeMs, outstanding);
  },
};
