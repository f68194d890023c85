/** Events of the life of a run: start, pause, continuation and end. */

import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  RunBegunV1,
  RunCancelledV1,
  RunCompletedV1,
  RunContinuedV1,
  RunFailedV1,
  RunLabelledV1,
  RunOrder,
  RunPausedV1,
  RunPhase,
  RunPutOffV1,
  RunRemovedV1,
  RunResumedV1,
  RunStartedV1,
  RunStoppedV1,
  RunTerminatedV1,
  RunWithdrawnV1,
} from "@tutti/contracts/workflow/v1";
import { blobsOf, dataOf } from "@tutti/machine-work";
import { refreshOffer } from "../../core/attempt/events.ts";
import { revertedStatus } from "../../core/node/compensation-ledger.ts";
import { settleDetachedChild } from "../../core/node/detached-children.ts";
import { detachRange } from "../../core/node/flow.ts";
import { addRange, nodeOf, release, setStatus } from "../../core/node/nodes.ts";
import { forgetWaiting } from "../../core/node/waiting-functions.ts";
import { planNeededBy, planOf } from "../../core/plan/plan-of.ts";
import { effectNumber, effectTags, runNode, runTimers, timerNumber } from "../../core/state/numbers.ts";
import {
  moreOf,
  type Run,
  type RunEvent,
  type RunOutstanding,
  type RunView,
} from "../../core/state/state.ts";
import { restartState } from "../../core/state/transition-progress.ts";

export const runStarted: RunEvent<RunStartedV1> = {
  type: "run_started",
  version: 1,
  codec: RunStartedV1,
  blobs: ({ order }) => blobsOfOrder(order),
  needs: ({ order }) => planNeededBy(order),
  described: true,
  evolve(run, { order = RunOrder.create(), createMs, limits }, outstanding) {
    run.order = order;
    const plan = planOf(run.plans, order);
    run.plan = plan;
    run.createMs = createMs;
    const { labels, dueMs } = order;
    run.facts = { labels, priority: order.priority + plan.plan.run.priority, dueMs };
    run.phase = RunPhase.RUN_PHASE_WAITING;
    for (const limit of limits) moreOf(run).limits.push({ limit, ticket: 0, leaseDueMs: 0, retryMs: 0 });
    if (plan.plan.kind === "tasks") addRange(run, { owner: -1, plan, planPlace: 0, scope: 0 });
    if (order.startMs > createMs) outstanding.timer(timerNumber(runNode, runTimers.start), order.startMs);
    else if (limits.length === 0) startRun(run, createMs, outstanding);
  },
};

export const runBegun: RunEvent<RunBegunV1> = {
  type: "run_begun",
  version: 1,
  codec: RunBegunV1,
  described: true,
  evolve(run, { beginMs }, outstanding) {
    outstanding.cleared(timerNumber(runNode, runTimers.start));
    startRun(run, beginMs, outstanding);
    // A resumed run that has waited for its limits enters its state again.
    restartState(run, beginMs, outstanding);
  },
};

function startRun(run: Run, atMs: number, outstanding: RunOutstanding): void {
  run.phase = RunPhase.RUN_PHASE_GOING;
  run.firstBeginMs ||= run.beginMs;
  run.beginMs = atMs;
  const timeoutMs = timeoutMsOf(run);
  if (timeoutMs > 0) outstanding.timer(timerNumber(runNode, runTimers.timeout), atMs + timeoutMs);
}

export function timeoutMsOf({ order, plan }: Pick<RunView, "order" | "plan">): number {
  return order?.timeoutMs || plan?.plan.run.timeoutMs || 0;
}

export const runPaused: RunEvent<RunPausedV1> = {
  type: "run_paused",
  version: 1,
  codec: RunPausedV1,
  described: true,
  evolve(run, { reason, pauseMs }) {
    run.pauseMs = pauseMs;
    run.pauseReason = reason;
  },
};

export const runResumed: RunEvent<RunResumedV1> = {
  type: "run_resumed",
  version: 1,
  codec: RunResumedV1,
  described: true,
  evolve(run) {
    run.pauseMs = 0;
    run.pauseReason = "";
  },
};

export const runLabelled: RunEvent<RunLabelledV1> = {
  type: "run_labelled",
  version: 1,
  codec: RunLabelledV1,
  described: true,
  evolve(run, { labels, priority, dueMs }, outstanding) {
    run.facts = { labels, priority, dueMs };
    refreshOffer(run, outstanding);
  },
};

export const runPutOff: RunEvent<RunPutOffV1> = {
  type: "run_put_off",
  version: 1,
  codec: RunPutOffV1,
  evolve(run, { untilMs }, outstanding) {
    run.putOffMs = untilMs;
    const timer = timerNumber(runNode, runTimers.putOff);
    if (untilMs > 0) outstanding.timer(timer, untilMs);
    else outstanding.cleared(timer);
  },
};

export const runStopped: RunEvent<RunStoppedV1> = {
  type: "run_stopped",
  version: 1,
  codec: RunStoppedV1,
  described: true,
  evolve(run, { status, error, stopMs, noCompensate }, outstanding) {
    stopAll(run, stopMs, outstanding);
    if (noCompensate) run.undo.length = 0;
    run.ending = status;
    run.error = error;
    run.phase = RunPhase.RUN_PHASE_UNDOING;
    // The caller who ends a paused run does not want it to stay paused.
    run.pauseMs = 0;
    run.pauseReason = "";
  },
};

export const runCompleted: RunEvent<RunCompletedV1> = {
  type: "run_completed",
  version: 1,
  codec: RunCompletedV1,
  blobs: ({ output, outputPayload }) => blobsOf(outputPayload, output),
  described: true,
  evolve(run, { output, outputPayload, endMs }, outstanding) {
    run.output = dataOf(output, outputPayload);
    finishRun(run, WorkStatus.WORK_STATUS_COMPLETED, endMs, outstanding);
  },
};

export const runFailed: RunEvent<RunFailedV1> = {
  type: "run_failed",
  version: 1,
  codec: RunFailedV1,
  described: true,
  evolve(run, { error, endMs }, outstanding) {
    run.error = error;
    finishRun(run, WorkStatus.WORK_STATUS_FAILED, endMs, outstanding);
  },
};

export const runCancelled: RunEvent<RunCancelledV1> = {
  type: "run_cancelled",
  version: 1,
  codec: RunCancelledV1,
  described: true,
  evolve(run, { error, endMs }, outstanding) {
    run.error = error;
    finishRun(run, WorkStatus.WORK_STATUS_CANCELLED, endMs, outstanding);
  },
};

export const runTerminated: RunEvent<RunTerminatedV1> = {
  type: "run_terminated",
  version: 1,
  codec: RunTerminatedV1,
  described: true,
  evolve(run, { error, endMs }, outstanding) {
    stopAll(run, endMs, outstanding);
    run.error = error;
    finishRun(run, WorkStatus.WORK_STATUS_TERMINATED, endMs, outstanding);
  },
};

/** Records only that the run was withdrawn. */
export const runWithdrawn: RunEvent<RunWithdrawnV1> = {
  type: "run_withdrawn",
  version: 1,
  codec: RunWithdrawnV1,
  described: true,
  evolve(run, { order = RunOrder.create(), error, endMs }, outstanding) {
    run.order = order;
    run.createMs = endMs;
    run.error = error;
    finishRun(run, WorkStatus.WORK_STATUS_CANCELLED, endMs, outstanding);
  },
};

export const runRemoved: RunEvent<RunRemovedV1> = {
  type: "run_removed",
  version: 1,
  codec: RunRemovedV1,
  described: true,
  evolve(run, { removeMs }) {
    run.removeMs = removeMs;
  },
};

export const runContinued: RunEvent<RunContinuedV1> = {
  type: "run_continued",
  version: 1,
  codec: RunContinuedV1,
  described: true,
  evolve(run, { nextId, endMs }, outstanding) {
    moreOf(run).nextId = nextId;
    finishRun(run, WorkStatus.WORK_STATUS_CONTINUED, endMs, outstanding);
  },
};

function finishRun(run: Run, status: WorkStatus, endMs: number, outstanding: RunOutstanding): void {
  clearLeases(outstanding);
  run.phase = RunPhase.RUN_PHASE_ENDED;
  run.ending = status;
  run.endMs = endMs;
  run.pauseMs = 0;
  clearRun(run, outstanding);
  // A run that is terminated again does not wait for the starts of detached children either.
  if (run.alone > 0)
    for (const node of run.nodes) if (node !== undefined) settleDetachedChild(run, node, outstanding);
}

/** Clears all timers and effects of the run itself, except for its limits. */
export function clearRun(run: Run, outstanding: RunOutstanding): void {
  run.putOffMs = 0;
  for (const timer of Object.values(runTimers))
    if (timer !== runTimers.limit) outstanding.cleared(timerNumber(runNode, timer));
}

/** Stops renewing leases. Called at the end, because the run holds them during compensation too. */
export function clearLeases(outstanding: RunOutstanding): void {
  outstanding.cleared(timerNumber(runNode, runTimers.limit));
  outstanding.settled(effectNumber(runNode, effectTags.lease));
}

/** Stops open tasks. A running compensation no longer counts. */
function stopAll(run: Run, atMs: number, outstanding: RunOutstanding): void {
  for (const range of run.ranges)
    if (range.remaining > 0 && !range.isDropped) detachRange(run, range, atMs, outstanding);
  run.agenda.length = 0;
  forgetWaiting(run);
  run.agendaAt = 0;
  clearRun(run, outstanding);
  if (run.undoing < 0) return;
  const node = nodeOf(run, run.undoing);
  release(node.number, outstanding);
  setStatus(run, node, revertedStatus(node));
  run.undo.push(node.number);
  run.undoing = -1;
}

/**
 * Returns the blobs of the order of a run. The plan of a definition is not among them: runs by the thousand
 * share it, and the definition mentions it once. A filled-in template has a plan of its own.
 */
function blobsOfOrder(order: RunOrder | undefined): readonly Uint8Array[] {
  const input = blobsOf(order?.inputPayload, order?.input);
  if (order === undefined || order.hash === "" || order.parameters.length === 0) return input;
  return [Buffer.from(order.hash, "hex"), ...input];
}
