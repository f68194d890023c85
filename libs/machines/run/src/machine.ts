/**
 * The run machine: the table of its commands, events and queries. It executes the plan of a definition.
 *
 * 1. Consequences of the plan alone are folded from the number of the task that ended. The value of an
 *    expression is in the event, and is never computed again.
 * 2. A step that ends one task costs the same in a plan of five as in one of a hundred thousand.
 * 3. Every step continues as far as it can: no task that could start is left, unless the run is paused,
 *    waits, or has reached the limit of a step.
 * 4. Attempts of a node are numbered without end, so that a late result of a reverted attempt matches no
 *    attempt.
 */
import type { Command, Machine, MachineEvent } from "@tutti/kernel";
import * as undo from "./core/attempt/compensation-events.ts";
import * as attempts from "./core/attempt/events.ts";
import { runLimitAsked, runLimitHeld, runLimitLost } from "./core/limit/events.ts";
import * as tasks from "./core/node/events.ts";
import type { CachedOutputs, KnownPlans, RunPlans } from "./core/plan/run-plan.ts";
import { newestBehaviour } from "./core/state/behaviours.ts";
import type { RunEffect } from "./core/state/effects.ts";
import { newRun, type Run } from "./core/state/state.ts";
import {
  approvalAsked,
  approvalClaimed,
  approvalDecided,
  approvalDelegated,
  approvalReleased,
} from "./kinds/approve/events.ts";
import { showApprovals } from "./kinds/approve/questions.ts";
import { cacheAsked, cacheAwaited } from "./kinds/cache/events.ts";
import { childQueued, childRefused, childStarted } from "./kinds/child/events.ts";
import { entriesBegun } from "./kinds/entries/events.ts";
import { functionTurned, functionWoken, partsDropped, stepRecorded } from "./kinds/function/events.ts";
import { workSentBack } from "./kinds/gate/events.ts";
import { roundBegun, roundEnded } from "./kinds/loop/events.ts";
import { signalReceived, signalTaken } from "./kinds/signal/events.ts";
import { tasksAdded, tasksWithdrawn } from "./kinds/spawn/events.ts";
import { checkAdded } from "./kinds/spawn/queries.ts";
import { taskWaiting } from "./kinds/wait/events.ts";
import {
  beginRun,
  cancelRun,
  labelRun,
  pauseRun,
  removeRun,
  resumeRun,
  terminateRun,
  withdrawRun,
} from "./life/control/commands.ts";
import { expire } from "./life/control/expire.ts";
import { updateTaken } from "./life/entry/events.ts";
import { showEntry } from "./life/entry/queries.ts";
import { declineLimit, grantLimit, loseLease, withdrawLimit } from "./life/limit/commands.ts";
import { moveRun, reviewMove, runMoved } from "./life/move/commands.ts";
import { showCounts } from "./life/queries/counts.ts";
import { explain, explainGroups } from "./life/queries/explain.ts";
import { showFiles } from "./life/queries/files.ts";
import { showEnding, showRun } from "./life/queries/run.ts";
import { showSnapshot } from "./life/queries/snapshot.ts";
import { showTask, showTasks } from "./life/queries/tasks.ts";
import { repairTask, resetRun, retryRun } from "./life/repair/commands.ts";
import { runReset, runRetried, taskRepaired } from "./life/repair/events.ts";
import { addTasks, bringInOutcomes, withdrawTasks } from "./life/results/additions.ts";
import {
  claimApproval,
  decideApproval,
  delegateApproval,
  releaseApproval,
} from "./life/results/approvals.ts";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./life/results/attempts.ts";
import { answerCache, checkComputing } from "./life/results/cache.ts";
import { confirmChild, endChild, refuseChild } from "./life/results/children.ts";
import { takeEvent } from "./life/results/events.ts";
import { signalRun } from "./life/results/signals.ts";
import { updateRun } from "./life/results/updates.ts";
import * as life from "./life/run/events.ts";
import { describeRun, projectRun } from "./life/snapshot/description.ts";
import { recoverRun } from "./life/snapshot/recovery.ts";
import { runSnapshots } from "./life/snapshot/snapshots.ts";
import { actionsBegun, stateEntered, stateTimePassed, transitionTaken } from "./life/states/events.ts";

export interface RunMachineOptions {
  /**
   * Returns plans of definitions without delay: the process that hosts runs loads them before it opens a
   * partition.
   */
  readonly plans: RunPlans;
  /** Cached outputs that runs use without asking their entries. */
  readonly outputs?: CachedOutputs;
}

const commands: readonly Command<Run>[] = [
  beginRun,
  pauseRun,
  resumeRun,
  cancelRun,
  terminateRun,
  withdrawRun,
  removeRun,
  labelRun,
  retryRun,
  resetRun,
  moveRun,
  repairTask,
  completeTask,
  failTask,
  returnTask,
  noteAttempt,
  noteProgress,
  noteModelCalls,
  answerCache,
  checkComputing,
  signalRun,
  takeEvent,
  confirmChild,
  refuseChild,
  endChild,
  decideApproval,
  claimApproval,
  delegateApproval,
  releaseApproval,
  updateRun,
  addTasks,
  withdrawTasks,
  bringInOutcomes,
  grantLimit,
  declineLimit,
  withdrawLimit,
  loseLease,
];

const events: readonly MachineEvent<Run, RunEffect>[] = [
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
  life.runWithdrawn,
  life.runRemoved,
  runRetried,
  runReset,
  runMoved,
  taskRepaired,
  attempts.taskQueued,
  attempts.attemptQueued,
  attempts.attemptStarted,
  attempts.progressSaved,
  attempts.modelCallsNoted,
  attempts.attemptFailed,
  attempts.offerReturned,
  tasks.taskCompleted,
  tasks.taskFailed,
  tasks.taskSkipped,
  tasks.taskHeld,
  tasks.taskPaused,
  tasks.taskResumed,
  entriesBegun,
  cacheAsked,
  cacheAwaited,
  workSentBack,
  approvalAsked,
  approvalDecided,
  approvalClaimed,
  approvalDelegated,
  approvalReleased,
  updateTaken,
  tasksAdded,
  tasksWithdrawn,
  stepRecorded,
  functionTurned,
  partsDropped,
  functionWoken,
  stateEntered,
  transitionTaken,
  actionsBegun,
  stateTimePassed,
  roundBegun,
  roundEnded,
  taskWaiting,
  childQueued,
  childStarted,
  childRefused,
  runLimitHeld,
  runLimitLost,
  runLimitAsked,
  signalReceived,
  signalTaken,
  undo.undoQueued,
  undo.undoCompleted,
  undo.undoFailed,
];

export function runMachine({ plans, outputs }: RunMachineOptions): Machine<Run, RunEffect> {
  const known: KnownPlans = { isUnchanging: true, plan: (hash) => plans.plan(hash), outputs };
  return {
    kind: "run",
    behaviour: newestBehaviour,
    ...(plans.prepare !== undefined && {
      prepare: (namespace: string, sha256: Uint8Array) =>
        plans.prepare?.(namespace, Buffer.from(sha256).toString("hex"))?.then(() => {}),
    }),
    create: (key) => newRun(known, key),
    commands,
    events,
    queries: [
      showRun,
      showCounts,
      showEnding,
      showFiles,
      showTasks,
      showTask,
      explain,
      explainGroups,
      showSnapshot,
      reviewMove,
      showApprovals,
      showEntry,
      checkAdded,
    ],
    expire,
    snapshots: runSnapshots(known),
    recover: recoverRun,
    describe: describeRun,
    project: projectRun,
  };
}
