/** Events of children: started, refused, ended. */

import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  ConfirmChild,
  EndChild,
  RefuseChild,
  RunDone,
  type RunEnding,
  TaskAnswered,
} from "@tutti/contracts/workflow/v1";
import { bounded, childError, dataOf, StepBudget, statusName, truncate } from "@tutti/machine-work";
import { failAttempt } from "../../core/attempt/outcome.ts";
import { releaseLimitsOfTask } from "../../core/limit/child-limits.ts";
import { idOf, type Place, placeOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { nodeOfEffect } from "../../core/state/numbers.ts";
import { findNode } from "../../core/state/places.ts";
import type { RunCommand } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { childRefused, childStarted } from "../../kinds/child/events.ts";
import { finish } from "../../kinds/gate/checks.ts";
import { advance } from "../advance/advance.ts";

const answered: TaskAnswered = { ending: undefined };
const done: RunDone = {};

/** Result: the child has started. Its end may have been reported before. */
export const confirmChild: RunCommand<ConfirmChild, TaskAnswered> = {
  type: "confirm_child",
  codec: ConfirmChild,
  reply: TaskAnswered,
  decide(run, { hash, ending }, step) {
    const number = nodeOfEffect(step.settles?.number ?? 0);
    const node = run.nodes[number];
    if (step.settles === undefined || node === undefined)
      return runErrors.taskMissing.refusal({ id: step.key.id, task: "of the result" });
    const place = placeOf(run, number, step, new StepBudget());
    const isAlone = stateOfKind(node, "child")?.startsAlone === true;
    step.emit(childStarted, { node: number, hash, startMs: step.nowMs });
    if (isAlone) {
      advance(run, step);
      return answered;
    }
    // The run that continues this one reports the end.
    if (ending !== undefined && ending.status !== WorkStatus.WORK_STATUS_CONTINUED)
      finishNodeOfChild(place, ending, {});
    advance(run, step);
    return answered;
  },
};

/** Result: the child cannot be started. */
export const refuseChild: RunCommand<RefuseChild, TaskAnswered> = {
  type: "refuse_child",
  codec: RefuseChild,
  reply: TaskAnswered,
  decide(run, { error }, step) {
    const number = nodeOfEffect(step.settles?.number ?? 0);
    if (step.settles === undefined || run.nodes[number] === undefined)
      return runErrors.taskMissing.refusal({ id: step.key.id, task: "of the result" });
    if (stateOfKind(run.nodes[number], "child")?.startsAlone === true) {
      step.emit(childRefused, { node: number, error: bounded(error), endMs: step.nowMs });
      advance(run, step);
      return answered;
    }
    const place = placeOf(run, number, step, new StepBudget());
    releaseLimitsOfTask(place);
    failAttempt(place, bounded(error));
    advance(run, step);
    return answered;
  },
};

/**
 * Message of a child that has ended. A message of an earlier attempt, or of a child that is not awaited,
 * changes nothing.
 */
export const endChild: RunCommand<EndChild, RunDone> = {
  type: "end_child",
  codec: EndChild,
  reply: RunDone,
  decide(run, { taskId, ending, used }, step) {
    const number = findNode(run, taskId);
    const node = number === undefined ? undefined : run.nodes[number];
    if (number === undefined || node === undefined || ending === undefined) return done;
    const isAwaited =
      node.status === TaskStatus.TASK_STATUS_WAITING || node.status === TaskStatus.TASK_STATUS_QUEUED;
    if (!isAwaited || node.more?.question !== undefined) return done;
    if (stateOfKind(node, "child")?.childId !== ending.runId) return done;
    finishNodeOfChild(
      placeOf(run, number, step, new StepBudget()),
      ending,
      used === undefined ? {} : { used },
    );
    advance(run, step);
    return done;
  },
};

/** Nested children each include the message of the one below. */
const reasonMax = 500;

function finishNodeOfChild(
  place: Place,
  ending: RunEnding,
  attemptReport: Parameters<typeof finish>[2],
): void {
  releaseLimitsOfTask(place);
  if (ending.status === WorkStatus.WORK_STATUS_COMPLETED)
    finish(place, dataOf(ending.output, ending.outputPayload), attemptReport);
  else {
    const { runId: child, status } = ending;
    const refusal = runErrors.childFailed.refusal({
      task: idOf(place),
      child,
      status: statusName(status),
      reason:
        status === WorkStatus.WORK_STATUS_FAILED ? truncate(ending.error?.message ?? "", reasonMax) : "",
    });
    failAttempt(place, childError(refusal, ending), attemptReport);
  }
}
