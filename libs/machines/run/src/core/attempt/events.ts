/** Attempts: offered, started, failed, returned. */

import { ErrorDetail, RetryClass, TaskStatus } from "@tutti/contracts/types/v1";
import {
  AttemptFailedV1,
  AttemptQueuedV1,
  AttemptStartedV1,
  ModelCallsNotedV1,
  OfferReturnedV1,
  ProgressSavedV1,
  TaskQueuedV1,
} from "@tutti/contracts/workflow/v1";
import { blobsOf, bounded, lossLengthMax, lostCode, truncate } from "@tutti/machine-work";
import { budgetForTurn, hasBudget, recordUsed, reserve } from "../node/budget.ts";
import { setInput } from "../node/data.ts";
import { recordFailure } from "../node/failures.ts";
import { clearLimits, nodeOf, removeFromAgenda, setStatus, startVisit } from "../node/nodes.ts";
import { isOffered } from "../plan/offer-profile.ts";
import { offerFrom } from "../state/function-journal.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../state/numbers.ts";
import { detailOf, type Node, type Run, type RunEvent, type RunOutstanding, undoOf } from "../state/state.ts";
import { since } from "../state/times.ts";
import { chooseAgents, chooseGang, offerOf } from "./offer.ts";

export const taskQueued: RunEvent<TaskQueuedV1> = {
  type: "task_queued",
  version: 1,
  codec: TaskQueuedV1,
  blobs: ({ input, inputPayload }) => blobsOf(inputPayload, input),
  evolve(run, body, outstanding) {
    const { node: number, attempt, queueMs, input, inputPayload, details, reserved } = body;
    const node = startVisit(run, number, queueMs, outstanding);
    setInput(run, node, input, inputPayload);
    if (details !== undefined) detailOf(node).details = details;
    reserve(run, node, reserved);
    queue(run, node, attempt, queueMs, outstanding);
  },
};

export const attemptQueued: RunEvent<AttemptQueuedV1> = {
  type: "attempt_queued",
  version: 1,
  codec: AttemptQueuedV1,
  evolve(run, { node: number, attempt, queueMs, reserved, cacheMiss }, outstanding) {
    const node = nodeOf(run, number);
    if (cacheMiss !== undefined) detailOf(node).cacheMiss = cacheMiss;
    if (node.status === TaskStatus.TASK_STATUS_HELD) removeFromAgenda(run, number);
    outstanding.cleared(timerNumber(number, nodeTimers.again));
    outstanding.cleared(timerNumber(number, nodeTimers.cache));
    detailOf(node).dueMs = 0;
    // Another worker may take the attempt: the offer contains the whole journal.
    const code = stateOfKind(node, "function");
    if (code !== undefined) offerFrom(code.journal, 0);
    reserve(run, node, reserved);
    queue(run, node, attempt, queueMs, outstanding);
  },
};

/** Offers an attempt: of the task, or of its compensation. */
export function queue(
  run: Run,
  node: Node,
  attempt: number,
  queueMs: number,
  outstanding: RunOutstanding,
): void {
  const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
  node.attempt = attempt;
  node.tries += 1;
  node.queueAt = since(run, queueMs);
  node.startAt = -1;
  node.facts = run.facts;
  // A compensation keeps no saved data, except for a function, whose code does the compensation.
  if (node.more?.savedNext !== undefined && (!isUndo || stateOfKind(node, "function") !== undefined))
    node.more.saved = node.more.savedNext;
  if (hasBudget(run) && node.range.plan.task(node.task).kind === "function")
    detailOf(node).turnBudget = budgetForTurn(run, node);
  if (isUndo) undoOf(node).attempts += 1;
  else {
    setStatus(run, node, TaskStatus.TASK_STATUS_QUEUED);
    chooseAgents(run, node);
    chooseGang(run, node);
  }
  const tag = isUndo ? effectTags.undo : effectTags.work;
  outstanding.effect(effectNumber(node.number, tag), attempt, offerOf(run, node, isUndo));
}

/**
 * Offers again each attempt that is not known to be running, with the current labels and priority of the run.
 */
export function refreshOffer(run: Run, outstanding: RunOutstanding): void {
  for (const node of run.nodes) {
    if (node === undefined) continue;
    const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING && (node.more?.dueMs ?? 0) === 0;
    const isWork =
      node.status === TaskStatus.TASK_STATUS_QUEUED && isOffered(node.range.plan.task(node.task));
    if (!isUndo && !isWork) continue;
    node.facts = run.facts;
    const tag = isUndo ? effectTags.undo : effectTags.work;
    outstanding.effect(effectNumber(node.number, tag), node.attempt, offerOf(run, node, isUndo));
  }
}

/** Records which agent runs the attempt, and since when. */
export const attemptStarted: RunEvent<AttemptStartedV1> = {
  type: "attempt_started",
  version: 1,
  codec: AttemptStartedV1,
  evolve(run, { node: number, agent, startMs }) {
    const node = nodeOf(run, number);
    node.agent = agent;
    node.startAt = since(run, startMs);
    if (node.status === TaskStatus.TASK_STATUS_QUEUED) setStatus(run, node, TaskStatus.TASK_STATUS_RUNNING);
  },
};

/** For readers of the history: the run does not use it. */
export const modelCallsNoted: RunEvent<ModelCallsNotedV1> = {
  type: "model_calls_noted",
  version: 1,
  codec: ModelCallsNotedV1,
  evolve() {},
};

export const progressSaved: RunEvent<ProgressSavedV1> = {
  type: "progress_saved",
  version: 1,
  codec: ProgressSavedV1,
  evolve(run, { node: number, saved, fraction, message }) {
    const detail = detailOf(nodeOf(run, number));
    if (saved.length > 0) detail.savedNext = saved;
    detail.fraction = fraction;
    detail.message = message;
  },
};

export const attemptFailed: RunEvent<AttemptFailedV1> = {
  type: "attempt_failed",
  version: 1,
  codec: AttemptFailedV1,
  evolve(run, { node: number, attempt, error, agent, endMs, retryMs, used, lost }, outstanding) {
    const node = nodeOf(run, number);
    const detail = detailOf(node);
    const undo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
    recordFailure(run, node, { attempt, error, agent, endMs, undo });
    detail.lost = lost;
    if (agent !== "") node.agent = agent;
    recordUsed(run, node, used);
    scheduleRetry(run, node, TaskStatus.TASK_STATUS_RETRYING, retryMs, outstanding);
  },
};

/** The text of the pool. */
function lossOf(message: string): ErrorDetail {
  const { RETRY_CLASS_SAME_KEY: retry } = RetryClass;
  const error = { code: lostCode, message: truncate(message, lossLengthMax), status: "UNAVAILABLE", retry };
  return bounded(ErrorDetail.fromPartial(error));
}

export const offerReturned: RunEvent<OfferReturnedV1> = {
  type: "offer_returned",
  version: 1,
  codec: OfferReturnedV1,
  evolve(run, { node: number, attempt, message, retryMs, lost, used, agent }, outstanding) {
    const node = nodeOf(run, number);
    recordUsed(run, node, used);
    const detail = detailOf(node);
    detail.message = message;
    if (lost) detail.lost += 1;
    if (lost && agent !== "") {
      const undo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
      // The task is offered again at the same time, so the attempt ends then.
      recordFailure(run, node, { attempt, error: lossOf(message), agent, endMs: retryMs, undo });
    }
    // The attempt does not count.
    node.tries -= 1;
    scheduleRetry(run, node, TaskStatus.TASK_STATUS_RETRYING, retryMs, outstanding);
  },
};

function scheduleRetry(
  run: Run,
  node: Node,
  status: TaskStatus,
  dueMs: number,
  outstanding: RunOutstanding,
): void {
  const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
  outstanding.settled(effectNumber(node.number, isUndo ? effectTags.undo : effectTags.work));
  clearLimits(node, outstanding);
  outstanding.timer(timerNumber(node.number, nodeTimers.again), dueMs);
  detailOf(node).dueMs = dueMs;
  node.startAt = -1;
  if (!isUndo) setStatus(run, node, status);
}
