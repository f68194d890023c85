/** How a run ends, decided: by itself when nothing is open, or after its effects have been undone. Its parent gets a report. */

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
import { encoded, evaluate, following, givenWhole, holds } from "../../core/evaluate/evaluate.ts";
import { runOutputOf } from "../../core/evaluate/outputs.ts";
import { inputOf, type Scene } from "../../core/evaluate/scene.ts";
import { releaseLimits } from "../../core/limit/limits.ts";
import { budgetInWords, hasBudget, leftForNext } from "../../core/node/budget.ts";
import { taskIdOf } from "../../core/state/places.ts";
import { isUndone, type RangeView, type RunStep, type RunView, statusOf } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { runCancelled, runCompleted, runContinued, runFailed, runStopped, runTerminated } from "./events.ts";

/** Nothing is open any more. */
export function conclude(run: RunView, step: RunStep): void {
  const { plan } = run;
  if (plan === undefined) return;
  if (run.failed >= 0) {
    failRun(run, step, ofTask(run.nodes[run.failed]?.error, taskIdOf(run, run.failed)));
    return;
  }
  concludeWith(run, step, { run, range: run.ranges[0] as RangeView, node: -1 }, plan.plan.output);
}

/** It ends well, with what a program gives, or continues as a new one. */
export function concludeWith(run: RunView, step: RunStep, scene: Scene, output: number): void {
  const continueAsNew = run.plan?.plan.run.continueAsNew;
  if (continueAsNew) {
    const isWanted = holds(scene, continueAsNew.when, "`continueAsNew`");
    if (!isWanted.ok) {
      failRun(run, step, isWanted.error);
      return;
    }
    if (isWanted.value) {
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
  const made = givenWhole(scene, output, "`output`");
  if (!made.ok) {
    failRun(run, step, made.error);
    return;
  }
  step.emit(runCompleted, { output: made.bytes, outputPayload: undefined, endMs: step.nowMs });
  report(run, step);
}

/** It fails: open tasks are stopped and effects undone first, if required. The caller advances the run. */
export function failRun(run: RunView, step: RunStep, error: ErrorDetail): void {
  if (run.left > 0 || run.alone > 0 || (run.undo.length > 0 && isUndone(run))) {
    const status = WorkStatus.WORK_STATUS_FAILED;
    step.emit(runStopped, { status, error, stopMs: step.nowMs, noCompensate: false });
    return;
  }
  step.emit(runFailed, { error, endMs: step.nowMs });
  report(run, step);
}

/** All that is to be undone has been. */
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

/** Nothing is undone, and nothing waited for. */
export function terminateNow(run: RunView, step: RunStep, error: ErrorDetail | undefined): void {
  step.emit(runTerminated, { error, endMs: step.nowMs });
  report(run, step);
}

/** The next one has the id of the first with its number, the same definition and the same parent. */
function continueAsNewRun(run: RunView, step: RunStep, scene: Scene, program: number): void {
  const before = run.order;
  if (before === undefined) return;
  let input = inputOf(run);
  if (program >= 0) {
    const value = evaluate(scene, program, "`with` of `continueAsNew`");
    const made = value.ok ? encoded(value.value, "`with` of `continueAsNew`") : value;
    if (!made.ok) {
      failRun(run, step, made.error);
      return;
    }
    input = made.bytes;
  }
  const firstId = before.firstId || step.key.id;
  const incarnation = (before.incarnation || 1) + 1;
  const { resets = 0 } = run.more ?? {};
  const { id } = step.key;
  const isAside = resets > 0 || (incarnation > 2 && id !== nextIdOf(firstId, incarnation - 1));
  const nextId = isAside ? nextIdAside(id, resets, incarnation) : nextIdOf(firstId, incarnation);
  const given = { input: bytesOf(input), inputPayload: payloadOf(input), labels: { ...run.facts.labels } };
  const share = before.share && { ...before.share, reservationIds: [...before.share.reservationIds] };
  const budget = hasBudget(run) ? leftForNext(run) : undefined;
  if (hasBudget(run) && budget === undefined) {
    const refusal = runErrors.budgetUsedUp.refusal({
      id,
      task: `going on as ${nextId}`,
      ...budgetInWords(run),
    });
    failRun(run, step, detailOfRefusal(refusal));
    return;
  }
  const order = RunOrder.fromPartial({
    ...before,
    ...given,
    budget,
    share,
    incarnation,
    firstId,
    startMs: 0,
    idChosen: false,
  });
  step.emit(runContinued, { nextId, input: bytesOf(input), endMs: step.nowMs });
  // The next one asks for them again.
  releaseLimits(run, step);
  const next = { service: "workflow", namespace: step.key.namespace, kind: "run", id: nextId };
  step.send(next, beginMessage, { order });
  // Signals that no task has taken are for the next one. Events are read again from their log.
  for (const { signal, payload, event } of run.more?.signals ?? [])
    if (event === undefined) step.send(next, signalMessage, { signal, payload: payload && { ...payload } });
}

const signalMessage: Message<SignalRun> = { type: "signal_run", codec: SignalRun };

/** How it ended, for its waiters. */
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
  // Its parent knows it by the id of the first.
  const known = { ...ending, runId: run.order?.firstId || run.key.id };
  step.send(to, endChild, {
    taskId: parent.task,
    ending: endingForParent(known, (bytes, bytesMax) =>
      runErrors.valueTooLarge.refusal({ where: `the output of ${run.key.id}`, bytes, bytesMax }),
    ),
    used: run.used && { ...run.used },
  });
}

/** Ids of the runs that a run continues as. They follow from its own id, so that a repetition gives the same. */

/** Returns the run that it continues as, by the id of the first one and how often that has continued. */
function nextIdOf(firstId: string, incarnation: number): string {
  return shortId(`${firstId}...${incarnation}`);
}

/**
 * The same of one that was taken back, or comes after one that was: the run that it once continued as is another one.
 * Its id follows from its own.
 */
function nextIdAside(id: string, resets: number, incarnation: number): string {
  return nextIdOf(resets === 0 ? id : `${id}..${resets}`, incarnation);
}

/** Starts a run, from wherever: a caller, or the run that it continues from. */
export const beginMessage: Message<BeginRun> = { type: "begin_run", codec: BeginRun };

/** Says to the run that this one continued as that it is detached. */
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
