/**
 * The run, a machine: the table of everything it understands. It executes the plan of a definition.
 *
 * 1. What follows from the plan alone is folded from the number of the task that ended; what an expression gave is in the
 *    event, and is never computed again.
 * 2. A step that ends one task costs the same in a plan of five as in one of a hundred thousand.
 * 3. Every step goes on as far as it can: nothing that could begin is left lying, unless the run is paused, waits, or has
 *    done as much as one step may.
 * 4. Attempts of a node are numbered without end, so that a late result of one that was undone is nobody's.
 */
import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { Machine } from "@tutti/kernel";
import { describeRun, projectRun } from "./description.ts";
import type { RunEffect } from "./effects.ts";
import { entriesBegun } from "./entries/events.ts";
import { kindOf } from "./kinds/table.ts";
import { beginRun, cancelRun, labelRun, pauseRun, resumeRun, terminateRun } from "./life/commands.ts";
import * as life from "./life/events.ts";
import { expire } from "./life/expire.ts";
import * as tasks from "./node/events.ts";
import { policyOf } from "./node/nodes.ts";
import { effectNumber, effectTags, nodeTimers, runNode, runTimers, timerNumber } from "./numbers.ts";
import type { KnownPlans, RunPlans } from "./plan/run-plan.ts";
import { runSnapshots } from "./snapshots.ts";
import {
  isDone,
  type Node,
  type NodeView,
  newRun,
  type Run,
  type RunOutstanding,
  type RunView,
} from "./state.ts";
import * as undo from "./undo/events.ts";
import { completeTask, failTask, noteAttempt, noteProgress, returnTask } from "./uses/commands.ts";
import * as attempts from "./uses/events.ts";
import { offerOf } from "./uses/offer.ts";

export interface RunMachineOptions {
  /** Gives the plans of definitions at once: whoever hosts runs has them at hand before it takes a partition. */
  readonly plans: RunPlans;
}

export function runMachine({ plans }: RunMachineOptions): Machine<Run, RunEffect> {
  const known: KnownPlans = { isUnchanging: true, plan: (hash) => plans.plan(hash) };
  return {
    kind: "run",
    behaviour: 1,
    create: (key) => newRun(known, key),
    commands: [
      beginRun,
      pauseRun,
      resumeRun,
      cancelRun,
      terminateRun,
      labelRun,
      completeTask,
      failTask,
      returnTask,
      noteAttempt,
      noteProgress,
    ],
    events: [
      life.runStarted,
      life.runBegun,
      life.runPaused,
      life.runResumed,
      life.runLabelled,
      life.runPutOff,
      life.runStopped,
      life.runCompleted,
      life.runFailed,
      life.runCancelled,
      life.runTerminated,
      life.runContinued,
      attempts.taskQueued,
      attempts.attemptQueued,
      attempts.attemptStarted,
      attempts.progressSaved,
      attempts.attemptFailed,
      attempts.offerReturned,
      tasks.taskCompleted,
      tasks.taskFailed,
      tasks.taskSkipped,
      tasks.taskCancelled,
      tasks.taskHeld,
      tasks.taskPaused,
      tasks.taskResumed,
      entriesBegun,
      undo.undoQueued,
      undo.undoCompleted,
      undo.undoFailed,
    ],
    queries: [],
    expire,
    snapshots: runSnapshots(known),
    recover,
    describe: describeRun,
    project: projectRun,
  };
}

function recover(run: RunView, outstanding: RunOutstanding): void {
  recoverRun(run, outstanding);
  for (const node of run.nodes) if (node !== undefined) recoverNode(run, node, outstanding);
}

function recoverRun(run: RunView, outstanding: RunOutstanding): void {
  const { order, phase, putOffMs } = run;
  if (order === undefined || phase === RunPhase.RUN_PHASE_ENDED) return;
  if (phase === RunPhase.RUN_PHASE_WAITING && order.startMs > run.createMs)
    outstanding.timer(timerNumber(runNode, runTimers.start), order.startMs);
  const timeoutMs = life.timeoutMsOf(run);
  if (phase === RunPhase.RUN_PHASE_GOING && timeoutMs > 0)
    outstanding.timer(timerNumber(runNode, runTimers.timeout), run.beginMs + timeoutMs);
  if (putOffMs > 0) outstanding.timer(timerNumber(runNode, runTimers.putOff), putOffMs);
}

function recoverNode(run: RunView, node: NodeView, outstanding: RunOutstanding): void {
  const { number, status } = node;
  const task = node.range.plan.task(node.task);
  if (status === TaskStatus.TASK_STATUS_COMPENSATING) {
    recoverUndo(run, node, outstanding);
    return;
  }
  if (isDone(status) || status === TaskStatus.TASK_STATUS_PENDING || status === TaskStatus.TASK_STATUS_PAUSED)
    return;
  const { totalMs } = policyOf(node as Node).timeouts;
  if (totalMs > 0 && (task.forEach < 0 || node.range.isEntries))
    outstanding.timer(timerNumber(number, nodeTimers.total), run.createMs + node.readyAt + totalMs);
  if (status === TaskStatus.TASK_STATUS_RETRYING)
    outstanding.timer(timerNumber(number, nodeTimers.again), node.more?.dueMs ?? 0);
  else if (task.forEach < 0 || node.range.isEntries) kindOf(task.kind).recover?.(run, node, outstanding);
}

function recoverUndo(run: RunView, node: NodeView, outstanding: RunOutstanding): void {
  const { number, attempt } = node;
  const { compensate } = policyOf(node as Node);
  const dueMs = node.more?.dueMs ?? 0;
  const totalMs = compensate?.timeouts.totalMs ?? 0;
  if (totalMs > 0)
    outstanding.timer(timerNumber(number, nodeTimers.total), (node.more?.undoMs ?? 0) + totalMs);
  if (dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.again), dueMs);
  else {
    const offer = offerOf(run as Run, node as Node, true);
    outstanding.effect(effectNumber(number, effectTags.undo), attempt, offer);
  }
}
