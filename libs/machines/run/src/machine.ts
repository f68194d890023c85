/**
 * The run, a machine: the table of everything it understands. It executes the plan of a definition.
 *
 * 1. What follows from the plan alone is folded from the number of the task that ended. What an expression gave is in
 *    the event, and is never computed again.
 * 2. A step that ends one task costs the same in a plan of five as in one of a hundred thousand.
 * 3. Every step continues as far as it can: nothing that could start is left lying, unless the run is paused, waits, or
 *    has done as much as one step may.
 * 4. Attempts of a node are numbered without end, so that a late result of one that was undone is nobody's.
 */
import type { Command, Machine, MachineEvent } from "@tutti/kernel";
import { decideApproval } from "./approve/commands.ts";
import { approvalAsked, approvalDecided } from "./approve/events.ts";
import { showApprovals } from "./approve/questions.ts";
import { newestBehaviour } from "./behaviours.ts";
import { answerCache } from "./cached/commands.ts";
import { cacheAsked } from "./cached/events.ts";
import { confirmChild, endChild, refuseChild } from "./child/commands.ts";
import { childQueued, childRefused, childStarted } from "./child/events.ts";
import { describeRun, projectRun } from "./description.ts";
import type { RunEffect } from "./effects.ts";
import { entriesBegun } from "./entries/events.ts";
import { updateRun } from "./entry/commands.ts";
import { updateTaken } from "./entry/events.ts";
import { showEntry } from "./entry/queries.ts";
import { functionTurned, functionWoken, partsDropped, stepRecorded } from "./function/events.ts";
import { workSentBack } from "./gate/events.ts";
import {
  beginRun,
  cancelRun,
  labelRun,
  pauseRun,
  removeRun,
  resumeRun,
  terminateRun,
  withdrawRun,
} from "./life/commands.ts";
import * as life from "./life/events.ts";
import { expire } from "./life/expire.ts";
import { declineLimit, grantLimit, loseLease, withdrawLimit } from "./limit/commands.ts";
import { runLimitAsked, runLimitHeld, runLimitLost } from "./limit/events.ts";
import { roundBegun, roundEnded } from "./loop/events.ts";
import { moveRun, reviewMove, runMoved } from "./move/commands.ts";
import * as tasks from "./node/events.ts";
import type { KnownPlans, RunPlans } from "./plan/run-plan.ts";
import { showCounts } from "./queries/counts.ts";
import { explain, explainWhole } from "./queries/explain.ts";
import { showEnding, showRun } from "./queries/run.ts";
import { showSnapshot } from "./queries/snapshot.ts";
import { showTask, showTasks } from "./queries/tasks.ts";
import { recoverRun } from "./recovery.ts";
import { repairTask, resetRun, retryRun } from "./repair/commands.ts";
import { runReset, runRetried, taskRepaired } from "./repair/events.ts";
import { signalRun } from "./signal/commands.ts";
import { signalReceived, signalTaken } from "./signal/events.ts";
import { runSnapshots } from "./snapshots.ts";
import { addTasks, bringInOutcomes, withdrawTasks } from "./spawn/commands.ts";
import { tasksAdded, tasksWithdrawn } from "./spawn/events.ts";
import { checkAdded } from "./spawn/queries.ts";
import { newRun, type Run } from "./state.ts";
import { actionsBegun, stateEntered, stateTimePassed, transitionTaken } from "./states/events.ts";
import * as undo from "./undo/events.ts";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./uses/commands.ts";
import * as attempts from "./uses/events.ts";
import { takeEvent } from "./wait/commands.ts";
import { taskWaiting } from "./wait/events.ts";

export interface RunMachineOptions {
  /**
   * Gives the plans of definitions at once: the process that hosts runs has them at hand before it takes a partition.
   */
  readonly plans: RunPlans;
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
  signalRun,
  takeEvent,
  confirmChild,
  refuseChild,
  endChild,
  decideApproval,
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
  workSentBack,
  approvalAsked,
  approvalDecided,
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

export function runMachine({ plans }: RunMachineOptions): Machine<Run, RunEffect> {
  const known: KnownPlans = { isUnchanging: true, plan: (hash) => plans.plan(hash) };
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
      showTasks,
      showTask,
      explain,
      explainWhole,
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
