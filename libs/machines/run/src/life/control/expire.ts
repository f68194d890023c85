/** Handles an expired timer of the run, or of one of its nodes. */

import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { detailOfRefusal, StepBudget } from "@tutti/machine-work";
import { failCompensation } from "../../core/attempt/compensation.ts";
import { failForGood } from "../../core/attempt/outcome.ts";
import { isShortFor } from "../../core/node/budget.ts";
import { isToStart } from "../../core/node/detached-children.ts";
import { taskHeld } from "../../core/node/events.ts";
import { idOf, placeOf } from "../../core/node/task-kind.ts";
import { kindOfTimer, nodeOfTimer, nodeTimers, runNode, runTimers } from "../../core/state/numbers.ts";
import { partRanges } from "../../core/state/places.ts";
import type { RunStep, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { requeue } from "../../kinds/activity/kind.ts";
import { expireApproval } from "../../kinds/approve/kind.ts";
import { stopChildOf, stopChildrenIn } from "../../kinds/child/stopping.ts";
import { kindOf } from "../../kinds/table.ts";
import { advance, startNow, stopRun } from "../advance/advance.ts";
import { acquireDue, acquireFirst } from "../limit/acquire.ts";
import { runPutOff, timeoutMsOf } from "../run/events.ts";
import { passTime } from "../states/step.ts";

export function expire(run: RunView, timer: number, step: RunStep): void {
  const number = nodeOfTimer(timer);
  if (number === runNode) expireRun(run, kindOfTimer(timer), step);
  else expireNode(run, number, kindOfTimer(timer), step);
}

function expireRun(run: RunView, timer: number, step: RunStep): void {
  switch (timer) {
    case runTimers.start:
      if ((run.more?.limits.length ?? 0) === 0) startNow(run, step);
      else acquireFirst(run, step);
      return;
    case runTimers.limit:
      acquireDue(run, step);
      return;
    case runTimers.timeout: {
      const { id } = step.key;
      const refusal = runErrors.runTimedOut.refusal({ id, timeoutMs: timeoutMsOf(run) });
      stopRun(run, step, WorkStatus.WORK_STATUS_FAILED, detailOfRefusal(refusal));
      return;
    }
    case runTimers.state:
      passTime(run, step);
      advance(run, step);
      return;
    case runTimers.putOff:
      step.emit(runPutOff, { untilMs: 0 });
      advance(run, step, new StepBudget(run.more?.states?.transitionsAtOnce));
      return;
  }
}

function expireNode(run: RunView, number: number, timer: number, step: RunStep): void {
  const place = placeOf(run, number, step, new StepBudget());
  const node = run.nodes[number];
  if (node === undefined) return;
  const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
  if (timer === nodeTimers.again) {
    // A compensation that has started continues.
    if (isUndo) requeue(place);
    else if (run.pauseMs > 0 || isShortFor(place)) {
      step.emit(taskHeld, { node: number, cacheMiss: undefined });
      advance(run, step);
    } else kindOf(place.task.kind).retry?.(place);
    return;
  }
  if (timer !== nodeTimers.total) {
    if (timer === nodeTimers.approval) expireApproval(place);
    else kindOf(place.task.kind).expire?.(place, timer);
    advance(run, step);
    return;
  }
  const { timeouts, compensate } = place.range.plan.policy(place.task);
  const totalMs = isUndo ? (compensate?.timeouts.totalMs ?? 0) : timeouts.totalMs;
  const error = detailOfRefusal(
    runErrors.timedOut.refusal({ task: idOf(place), totalMs }),
    lastError(place.run, number),
  );
  if (isUndo) failCompensation(place, error);
  else {
    stopChildOf(place, "cancel");
    for (const parts of partRanges(run, node)) stopChildrenIn(run, step, place.budget, parts, "cancel");
    // The running attempt may have used all that it had reserved.
    const { reserved } = node.more ?? {};
    failForGood(place, error, { leavesChild: isToStart(node), used: reserved && { ...reserved } });
  }
  advance(run, step);
}

function lastError(run: RunView, number: number) {
  const error = run.nodes[number]?.more?.failures.at(-1)?.error;
  return error === undefined
    ? undefined
    : { ...error, violations: [], notOwner: undefined, cause: undefined };
}
