import { ChildQueuedV1, ChildStartedV1 } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { dataOf } from "@tutti/machine-work";
import { removeFromPlace, setInput, setStatus, taskOf } from "../../core/board/nodes.ts";
import { startOf } from "../../core/board/offer.ts";
import { reserve } from "../../core/budget/accounting.ts";
import { effectNumber } from "../../core/state/numbers.ts";
import type { MissionEvent } from "../../core/state/state.ts";

export const childQueued: MissionEvent<ChildQueuedV1> = {
  type: "child_queued",
  version: 1,
  codec: ChildQueuedV1,
  described: true,
  evolve(mission, { node, attempt, childId, queueMs, input, inputComputed, reserved }, outstanding) {
    const task = taskOf(mission, node);
    removeFromPlace(mission, task);
    task.attempt = attempt;
    task.tries += 1;
    task.queueMs = queueMs;
    task.reason = "";
    task.childId = childId;
    task.childHash = "";
    if (inputComputed) setInput(mission, task, dataOf(input, undefined));
    reserve(mission, task, reserved);
    setStatus(mission, task, TaskStatus.TASK_STATUS_QUEUED);
    mission.children += 1;
    outstanding.effect(effectNumber(node), attempt, startOf(mission, task));
  },
};

/** The child exists: the task waits for its end. */
export const childStarted: MissionEvent<ChildStartedV1> = {
  type: "child_started",
  version: 1,
  codec: ChildStartedV1,
  described: true,
  evolve(mission, { node, hash, startMs }, outstanding) {
    const task = taskOf(mission, node);
    outstanding.settled(effectNumber(node));
    task.childHash = hash;
    task.beginMs = startMs;
    if (task.startMs === 0) task.startMs = startMs;
    setStatus(mission, task, TaskStatus.TASK_STATUS_WAITING);
  },
};
