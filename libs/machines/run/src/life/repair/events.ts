/** Interventions of people in a run that did not succeed. */

import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  RunPhase,
  RunResetV1,
  RunRetriedV1,
  RunSnapshotV1,
  TaskRepairedV1,
} from "@tutti/contracts/workflow/v1";
import { blobsOf, dataOfPayload, isDone } from "@tutti/machine-work";
import { renewAfterReset } from "../../core/limit/events.ts";
import { effectAt, isNotUndone, retainLists, revertedStatus } from "../../core/node/compensation-ledger.ts";
import { setOutput } from "../../core/node/data.ts";
import { detachChild } from "../../core/node/detached-children.ts";
import { finishNode, stop } from "../../core/node/flow.ts";
import { nodeOf, release, setStatus, startVisit } from "../../core/node/nodes.ts";
import { closureOf, reopen } from "../../core/node/reopen.ts";
import { planNeededBySnapshot } from "../../core/plan/plan-of.ts";
import { stateOfKind, stateOfParts } from "../../core/state/kind-state.ts";
import { runNode, runTimers, timerNumber } from "../../core/state/numbers.ts";
import { rangeOf, statusOfNode } from "../../core/state/places.ts";
import {
  detailOf,
  moreOf,
  type Node,
  type Run,
  type RunEvent,
  type RunOutstanding,
  undoOf,
} from "../../core/state/state.ts";
import { restartState } from "../../core/state/transition-progress.ts";
import { rememberEvent } from "../../kinds/signal/received-events.ts";
import { restartEventWaits } from "../../kinds/wait/awaited-event.ts";
import { clearLeases, clearRun, timeoutMsOf } from "../run/events.ts";
import { recoverRun } from "../snapshot/recovery.ts";
import { runOf } from "../snapshot/snapshots.ts";

export const runRetried: RunEvent<RunRetriedV1> = {
  type: "run_retried",
  version: 1,
  codec: RunRetriedV1,
  described: true,
  blobs: ({ inputs }) => inputs.flatMap(({ input }) => blobsOf(undefined, input)),
  evolve(run, { nodes, retryMs, limits, inputs }, outstanding) {
    const wasOver = run.phase !== RunPhase.RUN_PHASE_GOING;
    const hadEnded = run.phase === RunPhase.RUN_PHASE_ENDED;
    revertRunningCompensation(run, outstanding);
    revertFailedCompensations(run);
    for (const number of closureOf(run, new Set(nodes))) forgetSentBack(run.nodes[number]);
    // The status of an untouched node depends on this phase.
    run.phase = RunPhase.RUN_PHASE_GOING;
    reopen(run, nodes, retryMs, outstanding);
    for (const { node, input } of inputs) detailOf(nodeOf(run, node)).setInput = input;
    run.ending = WorkStatus.WORK_STATUS_UNSPECIFIED;
    Object.assign(run, { error: undefined, output: undefined, endMs: 0, pauseMs: 0, pauseReason: "" });
    if (!wasOver) return;
    clearRun(run, outstanding);
    // The limits were released at its end.
    const isBlocked = hadEnded && requireLimits(run, limits);
    restartState(run, retryMs, outstanding);
    if (isBlocked) return;
    restart(run, retryMs);
    const timeoutMs = timeoutMsOf(run);
    if (timeoutMs > 0) outstanding.timer(timerNumber(runNode, runTimers.timeout), retryMs + timeoutMs);
  },
};

/** Restarts the timeout. The first start time is kept. */
function restart(run: Run, atMs: number): void {
  run.firstBeginMs ||= run.beginMs;
  run.beginMs = atMs;
}

/** Requires the limits again that the run held before its end. Returns true if there are any. */
function requireLimits(run: Run, limits: readonly string[]): boolean {
  if (limits.length === 0) {
    if (run.more !== undefined) run.more.limits.length = 0;
    return false;
  }
  const more = moreOf(run);
  more.limits.length = 0;
  for (const limit of limits) more.limits.push({ limit, ticket: 0, leaseDueMs: 0, retryMs: 0 });
  more.isDue = true;
  run.phase = RunPhase.RUN_PHASE_WAITING;
  return true;
}

/**
 * Resets the count of a gate: after a person requests a repetition, it may send work back as often as at
 * first.
 */
function forgetSentBack(node: Node | undefined): void {
  if (node?.more?.review !== undefined) Object.assign(node.more.review, { sentBack: 0, reports: [] });
}

/** Stops the running compensation: its effect is among those that are repeated. */
function revertRunningCompensation(run: Run, outstanding: RunOutstanding): void {
  if (run.undoing < 0) return;
  const { undoing } = run;
  release(undoing, outstanding);
  const node = nodeOf(run, undoing);
  setStatus(run, node, revertedStatus(node));
  run.undo.push(undoing);
  run.undoing = -1;
}

/**
 * Restores effects whose compensation failed: they still exist, and are undone when the run fails again. They
 * completed after all others.
 */
function revertFailedCompensations(run: Run): void {
  const notUndone = run.nodes.filter((node) => node !== undefined && isNotUndone(node)) as Node[];
  for (const node of notUndone.sort((one, other) => effectAt(one) - effectAt(other))) {
    undoOf(node).error = undefined;
    run.undo.push(node.number);
  }
}

/** The running attempt no longer counts, and the run continues from the given outcome. */
export const taskRepaired: RunEvent<TaskRepairedV1> = {
  type: "task_repaired",
  version: 1,
  codec: TaskRepairedV1,
  blobs: ({ output }) => blobsOf(output),
  described: true,
  evolve(run, { node: number, status, output, error, skipDependents, reason, endMs }, outstanding) {
    const before = statusOfNode(run, number);
    // A node that waits for its needs stops waiting: their ends no longer reach it.
    const range = rangeOf(run, number);
    if (!range.isEntries && before === TaskStatus.TASK_STATUS_PENDING) range.open[number - range.first] = 0;
    if (isDone(before))
      reopen(run, [number], endMs, outstanding, { repaired: number, keepsCompleted: false });
    const node = startVisit(run, number, endMs, outstanding);
    detachChild(run, node);
    stop(run, node, endMs, outstanding);
    const detail = detailOf(node);
    detail.repairReason = reason;
    retainLists(run, new Set([number]));
    run.replacedNodes = undefined;
    const state = stateOfParts(node);
    if (state !== undefined) state.parts = 0;
    detail.dueMs = 0;
    setOutput(run, node, dataOfPayload(output));
    node.error = error;
    detail.countsAsCompleted = status === TaskStatus.TASK_STATUS_SKIPPED && !skipDependents;
    // Its needs no longer count: none makes it ready, and none skips it.
    if (!range.isEntries) range.open[number - range.first] = -1;
    finishNode(run, node, status, endMs, outstanding);
  },
};

/** Restores the state after an earlier event. Attempts since then no longer count. */
export const runReset: RunEvent<RunResetV1> = {
  type: "run_reset",
  version: 1,
  codec: RunResetV1,
  described: true,
  // The run may have been on another version then.
  needs: ({ snapshot }) => planNeededBySnapshot(snapshot),
  evolve(run, { snapshot, signals, resetMs, limits, resets }, outstanding) {
    const currentLimits = run.phase === RunPhase.RUN_PHASE_ENDED ? [] : (run.more?.limits ?? []);
    const hadEnded = run.phase === RunPhase.RUN_PHASE_ENDED;
    const attempts = run.nodes.map((node) => node?.attempt ?? 0);
    const { attemptsBefore = 0, leaseCount = 0 } = run.more ?? {};
    for (const node of run.nodes) if (node !== undefined) release(node.number, outstanding);
    clearRun(run, outstanding);
    clearLeases(outstanding);
    const before = runOf(RunSnapshotV1.decode(snapshot), run.plans);
    Object.assign(run, before, { key: run.key });
    if (resets > 0) moreOf(run).resets = resets;
    if (leaseCount > 0) moreOf(run).leaseCount = Math.max(leaseCount, moreOf(run).leaseCount);
    if (run.more !== undefined) run.more.limits.length = 0;
    const isOpen = run.phase === RunPhase.RUN_PHASE_WAITING || run.phase === RunPhase.RUN_PHASE_GOING;
    if (isOpen && hadEnded) requireLimits(run, limits);
    else if (run.phase !== RunPhase.RUN_PHASE_ENDED && currentLimits.length > 0) {
      moreOf(run).limits.push(...currentLimits);
      renewAfterReset(run);
    }
    fence(run, attempts, attemptsBefore);
    restartEventWaits(run);
    if (signals.length > 0) {
      const more = moreOf(run);
      more.signals.push(...signals);
      for (const { event } of signals) if (event !== undefined) rememberEvent(more, event);
      more.lastSignal = signals.reduce((last, { number }) => Math.max(last, number), more.lastSignal);
    }
    run.putOffMs = 0;
    if (run.phase === RunPhase.RUN_PHASE_GOING) restart(run, resetMs);
    recoverRun(run, outstanding);
  },
};

/**
 * Raises the numbers of attempts above the highest one ever issued, so that a late result matches no attempt.
 * A child that was running then is requested again by its id: the starter reports whether it continues, or
 * how it has ended.
 */
function fence(run: Run, attempts: readonly number[], before: number): void {
  // New nodes will reuse the numbers of removed nodes.
  const removedMost = attempts
    .slice(run.nodeCount)
    .reduce((most, attempt) => Math.max(most, attempt), before);
  if (removedMost > 0) moreOf(run).attemptsBefore = removedMost;
  const count = Math.max(attempts.length, run.nodes.length);
  for (let number = 0; number < Math.min(count, run.nodeCount); number++) {
    // A node that exists again had its number before the latest reset.
    const attempt = attempts[number] ?? removedMost;
    if (attempt === 0 && (run.nodes[number]?.attempt ?? 0) === 0) continue;
    const node = nodeOf(run, number);
    const isAtWork = node.status >= TaskStatus.TASK_STATUS_QUEUED && !isDone(node.status);
    const isUndone = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
    node.attempt = Math.max(node.attempt, attempt) + (isAtWork || isUndone ? 1 : 0);
    // The attempt that replaces the running one continues from its saved data.
    if (isAtWork && node.more?.savedNext !== undefined) node.more.saved = node.more.savedNext;
    const child = stateOfKind(node, "child");
    if (isDone(node.status) || !child?.childId || node.more?.question !== undefined) continue;
    if (child.limits.length > 0) restartChildRequest(run, node);
    else if (node.status === TaskStatus.TASK_STATUS_WAITING)
      setStatus(run, node, TaskStatus.TASK_STATUS_QUEUED);
  }
}

/**
 * Requests a child again. A child with limits is requested when these are held: limits that it still holds
 * are granted once more.
 */
function restartChildRequest(run: Run, node: Node): void {
  const isRequested =
    node.status === TaskStatus.TASK_STATUS_WAITING || node.status === TaskStatus.TASK_STATUS_QUEUED;
  if (!isRequested) return;
  for (const limit of stateOfKind(node, "child")?.limits ?? [])
    Object.assign(limit, { ticket: 0, leaseDueMs: 0, retryMs: 0 });
  node.startAt = -1;
  setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
}
