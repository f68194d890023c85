/** A child run or mission executes the task. An effect starts it, and a message reports its end. */

import { TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import type { ChildQueuedV1, OfferDetails } from "@tutti/contracts/workflow/v1";
import { bytesOf, childIdOf, type Data, noBytes, payloadOf } from "@tutti/machine-work";
import { startOf } from "../../core/attempt/child-start.ts";
import { detailsOf, taskInput } from "../../core/attempt/details.ts";
import { failForGood } from "../../core/attempt/outcome.ts";
import { evaluateInFull } from "../../core/evaluate/evaluate.ts";
import {
  acquireForTask,
  acquireNextForTask,
  isWaitingForLimits,
  limitsOfTask,
  recoverNodeLimits,
} from "../../core/limit/child-limits.ts";
import { runLimitAsked } from "../../core/limit/events.ts";
import { budgetForChild } from "../../core/node/budget.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { effectNumber, effectTags } from "../../core/state/numbers.ts";
import { attemptOf } from "../../core/state/places.ts";
import type { Node, Run } from "../../core/state/state.ts";
import { childQueued } from "./events.ts";

export const child: TaskKind = {
  start: queueChild,
  retry: requeueChild,

  /** A limit is requested again. */
  expire(place) {
    const { run, step, number } = place;
    const limits = stateOfKind(run.nodes[number], "child")?.limits ?? [];
    for (const { limit } of limits.filter(({ retryMs }) => retryMs > 0 && retryMs <= step.nowMs)) {
      step.emit(runLimitAsked, { node: number, limit });
      acquireForTask(place, limit);
    }
  },

  recover(run, node, outstanding) {
    recoverNodeLimits(node, outstanding);
    if (node.status !== TaskStatus.TASK_STATUS_QUEUED) return;
    const start = startOf(run as Run, node as Node);
    outstanding.effect(effectNumber(node.number, effectTags.work), node.attempt, start);
  },

  explain(_, node) {
    const { status } = node;
    const state = stateOfKind(node, "child");
    const pendingLimit = isWaitingForLimits(node)
      ? state?.limits.find(({ ticket }) => ticket === 0)
      : undefined;
    if (pendingLimit !== undefined) {
      const message = `it waits for the limit ${pendingLimit.limit}, and starts its child then`;
      return { cause: WaitCause.WAIT_CAUSE_LIMIT, message, subject: pendingLimit.limit };
    }
    const isStarting = status === TaskStatus.TASK_STATUS_QUEUED;
    if (!isStarting && status !== TaskStatus.TASK_STATUS_WAITING) return undefined;
    const subject = state?.childId ?? "";
    const message = isStarting
      ? `its child ${subject} is being started`
      : `its child ${subject} has not ended`;
    return { cause: WaitCause.WAIT_CAUSE_CHILD, message, subject };
  },
};

function queueChild(place: Place): void {
  const { task, range, budget } = place;
  const work = range.plan.work(task);
  const input = taskInput(place);
  const program = work.kind === "workflow" || work.kind === "mission" ? work.parameters : -1;
  const parameters = program < 0 ? nothing : evaluateInFull(sceneOf(place), program, "`parameters`");
  const detailed = detailsOf(place);
  for (const result of [input, parameters, detailed]) {
    if (result.ok) continue;
    failForGood(place, result.error);
    return;
  }
  if (!input.ok || !parameters.ok || !detailed.ok) return;
  budget.spend(input.bytes.length + parameters.bytes.length);
  const { bytes, payload } = input;
  queue(place, {
    input: bytes,
    inputPayload: payload,
    parameters: parameters.bytes,
    details: detailed.details,
  });
}

/** All attempts of a task have the same input, also if its sources have changed since. */
function requeueChild(place: Place): void {
  const { run, number } = place;
  const { input, inputFollows = false, more } = run.nodes[number] ?? {};
  const own = inputFollows ? undefined : (input as Data | undefined);
  const parameters = (stateOfKind(run.nodes[number], "child")?.parameters ?? noBytes) as Uint8Array;
  const details = more?.details as OfferDetails | undefined;
  queue(place, { input: bytesOf(own), inputPayload: payloadOf(own), parameters, details });
}

function queue(
  place: Place,
  fields: Pick<ChildQueuedV1, "input" | "inputPayload" | "parameters" | "details">,
): void {
  const { run, step, number } = place;
  const attempt = attemptOf(run, number) + 1;
  step.emit(childQueued, {
    node: number,
    attempt,
    queueMs: step.nowMs,
    limits: limitsOfTask(fields.details),
    childId: childIdOf(step.key.id, { id: idOf(place), node: number }, attempt),
    reserved: budgetForChild(place),
    ...fields,
  });
  acquireNextForTask(place);
}

const nothing = { ok: true, bytes: noBytes } as const;
