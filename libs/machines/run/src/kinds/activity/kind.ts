/** An agent uses a capability: the task is offered to a pool, attempt by attempt. */
import { TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import { detailsOf, taskInput } from "../../core/attempt/details.ts";
import { attemptQueued, taskQueued } from "../../core/attempt/events.ts";
import { offerOf } from "../../core/attempt/offer.ts";
import { failForGood, roomProblem } from "../../core/attempt/outcome.ts";
import { reservedFor } from "../../core/node/budget.ts";
import type { Place, TaskKind } from "../../core/node/task-kind.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { attemptOf } from "../../core/state/places.ts";
import type { Node, Run } from "../../core/state/state.ts";
import { executeDirectly, isAwaitingCache, noReply, requestOutput } from "../cache/cache.ts";

export const uses: TaskKind = {
  start(place) {
    const { run, step, number, budget } = place;
    const input = taskInput(place);
    if (!input.ok) {
      failForGood(place, input.error);
      return;
    }
    const detailed = detailsOf(place);
    if (!detailed.ok) {
      failForGood(place, detailed.error);
      return;
    }
    const { bytes, payload } = input;
    const tooLarge = roomProblem(run, bytes.length);
    if (tooLarge !== undefined) {
      failForGood(place, tooLarge);
      return;
    }
    budget.spend(bytes.length);
    if (requestOutput(place, bytes, detailed.details)) return;
    step.emit(taskQueued, {
      node: number,
      attempt: attemptOf(run, number) + 1,
      queueMs: step.nowMs,
      input: bytes,
      inputPayload: payload,
      details: detailed.details,
      reserved: reservedFor(place),
    });
  },

  retry: requeue,

  expire(place) {
    executeDirectly(place, noReply);
  },

  recover(run, node, outstanding) {
    if (isAwaitingCache(node)) {
      outstanding.timer(timerNumber(node.number, nodeTimers.cache), node.more?.dueMs ?? 0);
      return;
    }
    if (node.status !== TaskStatus.TASK_STATUS_QUEUED && node.status !== TaskStatus.TASK_STATUS_RUNNING)
      return;
    const offer = offerOf(run as Run, node as Node);
    outstanding.effect(effectNumber(node.number, effectTags.work), node.attempt, offer);
  },

  explain(_, node) {
    if (isAwaitingCache(node))
      return {
        cause: WaitCause.WAIT_CAUSE_TIMER,
        message: "it waits for the cache, or for another task that computes the same output",
      };
    if (node.status !== TaskStatus.TASK_STATUS_QUEUED) return undefined;
    return {
      cause: WaitCause.WAIT_CAUSE_BUSY,
      message: "it is offered to its pool, and no worker has accepted it yet",
    };
  },
};

/** Queues the next attempt, of the task or of its compensation. */
export function requeue(place: Place): void {
  const { run, step, number } = place;
  const isUndo = run.nodes[number]?.status === TaskStatus.TASK_STATUS_COMPENSATING;
  step.emit(attemptQueued, {
    node: number,
    attempt: attemptOf(run, number) + 1,
    queueMs: step.nowMs,
    reserved: isUndo ? undefined : reservedFor(place),
    cacheMiss: undefined,
  });
}
