/**
 * Decides how a mission ends. Its children receive a request to end first. Its parent is notified at the end.
 */

import { type ErrorDetail, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import {
  add,
  bounded,
  type Data,
  detailOfRefusal,
  endChild,
  endingForParent,
  endingOf as endingOfWork,
  isNothing,
  joinedObject,
  memberName,
  noBytes,
  ofTask,
  outputExpressionOf,
  workAddress,
} from "@tutti/machine-work";
import { encoded, evaluate } from "../core/evaluate/evaluate.ts";
import {
  type MissionEventStep,
  type MissionView,
  specOf,
  statusOf,
  type TaskView,
} from "../core/state/state.ts";
import { missionErrors } from "../errors.ts";
import { missionCancelled, missionCompleted, missionFailed } from "../kinds/mission/events.ts";
import { withdrawQuestions } from "../kinds/mission/stop.ts";

/** Returns whether it ends by itself: no task is left, and no condition decides about the end. */
export function isOver(mission: MissionView): boolean {
  return mission.remaining === 0 && mission.tasks.length > 0 && specOf(mission).stopConditions.length === 0;
}

/** Ends the mission after all tasks have ended. */
export function conclude(mission: MissionView, step: MissionEventStep): void {
  const failed = firstFailure(mission);
  if (failed === undefined) {
    complete(mission, step);
    return;
  }
  const { id } = failed.spec;
  const refusal = missionErrors.tasksFailed.refusal({ task: id });
  fail(mission, step, ofTask(detailOfRefusal(refusal, bounded(failed.error)), id));
}

/** Returns the first failed task of the board itself that no other task handles. */
function firstFailure({ tasks }: MissionView): TaskView | undefined {
  return tasks.find(
    ({ status, parent, followers }) =>
      status === TaskStatus.TASK_STATUS_FAILED &&
      parent < 0 &&
      !(followers ?? []).some(({ condition }) => condition > 1),
  );
}

function complete(mission: MissionView, step: MissionEventStep): void {
  const { output } = specOf(mission);
  if (output === "") {
    withdrawQuestions(mission, step);
    step.emit(missionCompleted, { output: noBytes, outputOfTasks: true, endMs: step.nowMs });
    report(mission, step);
    return;
  }
  const compiled = outputExpressionOf(output);
  const result = compiled.ok
    ? evaluate({ mission, nowMs: step.nowMs }, compiled.program, "the output")
    : undefined;
  const bytes = result?.ok ? encoded(result.value, "the output") : result;
  if (bytes === undefined || !bytes.ok) {
    fail(
      mission,
      step,
      bytes?.error ?? detailOfRefusal(missionErrors.orderInvalid.refusal({ problem: "its output" })),
    );
    return;
  }
  withdrawQuestions(mission, step);
  step.emit(missionCompleted, { output: bytes.bytes, outputOfTasks: false, endMs: step.nowMs });
  report(mission, step);
}

function fail(mission: MissionView, step: MissionEventStep, error: ErrorDetail): void {
  withdrawQuestions(mission, step);
  step.emit(missionFailed, { error, endMs: step.nowMs });
  report(mission, step);
}

export function endStopped(mission: MissionView, step: MissionEventStep): void {
  switch (mission.ending) {
    case WorkStatus.WORK_STATUS_COMPLETED:
      complete(mission, step);
      return;
    case WorkStatus.WORK_STATUS_CANCELLED:
      step.emit(missionCancelled, { error: bounded(mission.error), endMs: step.nowMs });
      break;
    default:
      step.emit(missionFailed, { error: bounded(mission.error), endMs: step.nowMs });
  }
  report(mission, step);
}

/** Returns the output of a mission that has completed. */
export function outputOf(mission: MissionView): Data | undefined {
  if (!mission.isOutputOfTasks) return mission.output as Data | undefined;
  const done = mission.tasks.filter(
    ({ status, parent }) => status === TaskStatus.TASK_STATUS_COMPLETED && parent < 0,
  );
  return joinedObject(
    done.map(({ spec }) => memberName(spec.id)),
    done.map(({ output }) => output as Data | undefined),
  );
}

export function endingOf(mission: MissionView): RunEnding {
  return endingOfWork({
    id: mission.key.id,
    status: statusOf(mission),
    error: mission.error,
    output: () => outputOf(mission),
  });
}

export function report(mission: MissionView, step: MissionEventStep): void {
  const parent = mission.order?.parent;
  if (parent === undefined || parent.kind === "" || parent.id === "") return;
  const used = { ...mission.spent };
  add(used, mission.overrun);
  step.send(workAddress(step.key.namespace, parent), endChild, {
    taskId: parent.task,
    ending: endingForParent(endingOf(mission), (found, max) =>
      missionErrors.tooLarge.refusal({ items: "bytes of the output", found, max }),
    ),
    used: isNothing(used) ? undefined : used,
  });
}
