/**
 * Decides how a run ends: by itself when nothing is open, or after its effects have been undone. Its parent
 * gets a report.
 */

import { type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import { BeginRun, ReportRunEnd, type RunEnding, RunOrder, SignalRun } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";
import {
  bounded,
  bytesOf,
  detailOfRefusal,
  endChild,
  endingForParent,
  endingOf as endingOfWork,
  noBytes,
  ofTask,
  payloadOf,
  shortId,
  withdrawRun as withdrawMessage,
  workAddress,
} from "@tutti/machine-work";
import { withUndoFailures } from "../../core/attempt/compensation.ts";
import {
  encoded,
  evaluate,
  evaluateCondition,
  evaluateInFull,
  following,
} from "../../core/evaluate/evaluate.ts";
import { runOutputOf } from "../../core/evaluate/outputs.ts";
import { inputOf, type Scene } from "../../core/evaluate/scene.ts";
import { releaseLimits } from "../../core/limit/limits.ts";
import { budgetForNext, describeBudget, hasBudget } from "../../core/node/budget.ts";
import { taskIdOf } from "../../core/state/places.ts";
import { isUndone, type RangeView, type RunStep, type RunView, statusOf } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { runCancelled, runCompleted, runContinued, runFailed, runStopped, runTerminated } from "./events.ts";

/** Ends the run when nothing is open. */
export function conclude(run: RunView, step: RunStep): void {
  const { plan } = run;
  if (plan === undefined) return;
  if (run.failed >= 0) {
    failRun(run, step, ofTask(run.nodes[run.failed]?.error, taskIdOf(run, run.failed)));
    return;
  }
  concludeWith(run, step, { run, range: run.ranges[0] as RangeView, node: -1 }, plan.plan.output);
}

/** Completes the run with the value of a program, or continues it as a new one. */
export function concludeWith(run: RunView, step: RunStep, scene: Scene, output: number): void {
  const continueAsNew = run.plan?.plan.run.continueAsNew;
  if (continueAsNew) {
    const condition = evaluateCondition(scene, continueAsNew.when, "`continueAsNew`");
    if (!condition.ok) {
      failRun(run, step, condition.error);
      return;
    }
    if (condition.value) {
      continueAsNewRun(run, step, scene, continueAsNew.input);
      return;
    }
  }
  completeRun(run, step, scene, output);
}

function completeRun(run: RunView, step: RunStep, scene: Scene, output: number): void {
  if (output < 0) {
    step.emit(runCompleted, { output: noBytes, outputPayload: undefined, endMs: step.nowMs });
    report(run, step);
    return;
  }
  const passed = payloadOf(following(scene, output));
  if (passed !== undefined) {
    step.emit(runCompleted, { output: noBytes, outputPayload: passed, endMs: step.nowMs });
    report(run, step);
    return;
  }
  const result = evaluateInFull(scene, output, "`output`");
  if (!result.ok) {
    failRun(run, step, result.error);
    return;
  }
  step.emit(runCompleted, { output: result.bytes, outputPayload: undefined, endMs: step.nowMs });
  report(run, step);
}

/**
 * Fails the run: open tasks are stopped and effects undone first, if required. The caller advances the run.
 */
export function failRun(run: RunView, step: RunStep, error: ErrorDetail): void {
  if (run.remaining > 0 || run.alone > 0 || (run.undo.length > 0 && isUndone(run))) {
    const status = WorkStatus.WORK_STATUS_FAILED;
    step.emit(runStopped, { status, error, stopMs: step.nowMs, noCompensate: false });
    return;
  }
  step.emit(runFailed, { error, endMs: step.nowMs });
  report(run, step);
}

/** Ends the run after all compensations. */
export function finishStopped(run: RunView, step: RunStep): void {
  if (run.ending === WorkStatus.WORK_STATUS_TERMINATED) {
    terminateNow(run, step, bounded(run.error));
    return;
  }
  const error = withUndoFailures(run, bounded(run.error));
  const event = run.ending === WorkStatus.WORK_STATUS_CANCELLED ? runCancelled : runFailed;
  step.emit(event, { error, endMs: step.nowMs });
  report(run, step);
}

/** Ends the run without compensation or waiting. */
export function terminateNow(run: RunView, step: RunStep, error: ErrorDetail | undefined): void {
  step.emit(runTerminated, { error, endMs: step.nowMs });
  report(run, step);
}

/**
 * Starts the next run, with the id of the first run and a number, the same definition and the same parent.
 */
function continueAsNewRun(run: RunView, step: RunStep, scene: Scene, program: number): void {
  const before = run.order;
  if (before === undefined) return;
  let input = inputOf(run);
  if (program >= 0) {
    const value = evaluate(scene, program, "`with` of `continueAsNew`");
    const result = value.ok ? encoded(value.value, "`with` of `continueAsNew`") : value;
    if (!result.ok) {
      failRun(run, step, result.error);
      return;
    }
    input = result.bytes;
  }
  const firstId = before.firstId || step.key.id;
  const incarnation = (before.incarnation || 1) + 1;
  const { resets = 0 } = run.more ?? {};
  const { id } = step.key;
  const needsUniqueId = resets > 0 || (incarnation > 2 && id !== nextIdOf(firstId, incarnation - 1));
  const nextId = needsUniqueId ? uniqueNextId(id, resets, incarnation) : nextIdOf(firstId, incarnation);
  const fields = { input: bytesOf(input), inputPayload: payloadOf(input), labels: { ...run.facts.labels } };
  const share = before.share && { ...before.share, reservationIds: [...before.share.reservationIds] };
  const budget = hasBudget(run) ? budgetForNext(run) : undefined;
  if (hasBudget(run) && budget === undefined) {
    const refusal = runErrors.budgetUsedUp.refusal({
      id,
      task: `going on as ${nextId}`,
      ...describeBudget(run),
    });
    failRun(run, step, detailOfRefusal(refusal));
    return;
  }
  const order = RunOrder.fromPartial({
    ...before,
    ...fields,
    budget,
    share,
    incarnation,
    firstId,
    startMs: 0,
    idChosen: false,
  });
  step.emit(runContinued, { nextId, input: bytesOf(input), endMs: step.nowMs });
  // The next one requests them again.
  releaseLimits(run, step);
  const next = { service: "workflow", namespace: step.key.namespace, kind: "run", id: nextId };
  step.send(next, beginMessage, { order });
  // Signals that no task has received go to the next run. Events are read again from their log.
  for (const { signal, payload, event } of run.more?.signals ?? [])
    if (event === undefined) step.send(next, signalMessage, { signal, payload: payload && { ...payload } });
}

const signalMessage: Message<SignalRun> = { type: "signal_run", codec: SignalRun };

/** Returns the ending of a run for its waiters. */
export function endingOf(run: RunView): RunEnding {
  return endingOfWork({
    id: run.key.id,
    status: statusOf(run),
    error: run.error,
    output: () => runOutputOf(run),
  });
}

const reportMessage: Message<ReportRunEnd> = { type: "report_run_end", codec: ReportRunEnd };

function report(run: RunView, step: RunStep): void {
  releaseLimits(run, step);
  const parent = run.order?.parent;
  if (parent === undefined || parent.kind === "" || parent.id === "") return;
  const to = workAddress(step.key.namespace, parent);
  const ending = endingOf(run);
  if (parent.kind === "schedule" || parent.kind === "trigger") {
    const message = run.error?.message ?? "";
    step.send(to, reportMessage, { runId: step.key.id, status: ending.status, message });
    return;
  }
  // The parent knows it by the id of the first run.
  const known = { ...ending, runId: run.order?.firstId || run.key.id };
  step.send(to, endChild, {
    taskId: parent.task,
    ending: endingForParent(known, (bytes, bytesMax) =>
      runErrors.valueTooLarge.refusal({ subject: `the output of ${run.key.id}`, bytes, bytesMax }),
    ),
    used: run.used && { ...run.used },
  });
}

/**
 * Ids of the runs that continue a run. They follow from its own id, so that a repetition gives the same id.
 */

/** Returns the id of the next run, by the id of the first one and the number of continuations. */
function nextIdOf(firstId: string, incarnation: number): string {
  return shortId(`${firstId}...${incarnation}`);
}

/**
 * Returns the id of the next run after a reset of this run or of an earlier one. It must differ from the
 * former continuation, so it follows from the run's own id.
 */
function uniqueNextId(id: string, resets: number, incarnation: number): string {
  return nextIdOf(resets === 0 ? id : `${id}..${resets}`, incarnation);
}

/** Starts a run, for a caller or for the run that it continues. */
export const beginMessage: Message<BeginRun> = { type: "begin_run", codec: BeginRun };

/** Withdraws the run that continued this one. */
export function withdrawContinuation(
  { order }: RunView,
  step: RunStep,
  nextId: string,
  reason: string,
): void {
  const { namespace, id } = step.key;
  const to = { service: "workflow", kind: "run", namespace, id: nextId };
  const { definition = "" } = order ?? {};
  step.send(to, withdrawMessage, {
    definition,
    parent: undefined,
    terminate: false,
    reason,
    fromId: id,
    noCompensate: false,
  });
}
