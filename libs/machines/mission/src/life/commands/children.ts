/** Events of children: started, refused, ended. */
import { MissionDone, MissionPhase } from "@tutti/contracts/swarm/v1";
import { type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import { ConfirmChild, EndChild, RefuseChild, type RunEnding } from "@tutti/contracts/workflow/v1";
import {
  amountsOrNone,
  bounded,
  bytesOf,
  childError,
  dataOf,
  payloadOf,
  statusName,
} from "@tutti/machine-work";
import { isAwaited } from "../../core/board/nodes.ts";
import { isChild, type MissionCommand } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { childStarted } from "../../kinds/child/events.ts";
import { taskCancelled, taskCompleted } from "../../kinds/task/events.ts";
import { type AttemptReport, failAttempt, finish, type Place } from "../../kinds/task/outcome.ts";
import { goingOn } from "../step.ts";
import { settledTask, unnamed } from "./offers.ts";

/** Result: the child has started. Its end may have been reported before. */
export const confirmChild: MissionCommand<ConfirmChild, MissionDone> = {
  type: "confirm_child",
  codec: ConfirmChild,
  reply: MissionDone,
  decide(mission, { hash, ending }, step) {
    const task = settledTask(mission, step);
    if (task === undefined || !isChild(task)) return unnamed(step);
    return goingOn(mission, step, () => {
      step.emit(childStarted, { node: task.number, hash, startMs: step.nowMs });
      if (ending !== undefined) endTask({ mission, step, task }, ending, { agent: "", used: undefined });
      return {};
    });
  },
};

/** Result: the child cannot be started. */
export const refuseChild: MissionCommand<RefuseChild, MissionDone> = {
  type: "refuse_child",
  codec: RefuseChild,
  reply: MissionDone,
  decide(mission, { error }, step) {
    const task = settledTask(mission, step);
    if (task === undefined || !isChild(task)) return unnamed(step);
    return goingOn(mission, step, () => {
      failAttempt({ mission, step, task }, bounded(error), { agent: "", used: undefined });
      return {};
    });
  },
};

/**
 * Message of a child that has ended. A message of an earlier attempt, or of a child that is not awaited,
 * changes nothing.
 */
export const endChild: MissionCommand<EndChild, MissionDone> = {
  type: "end_child",
  codec: EndChild,
  reply: MissionDone,
  decide(mission, { taskId, ending, used }, step) {
    const task = mission.tasks[mission.byId.get(taskId) ?? -1];
    if (task === undefined || ending === undefined) return {};
    if (!isAwaited(task) || task.childId !== ending.runId) return {};
    return goingOn(mission, step, () => {
      endTask({ mission, step, task }, ending, { agent: "", used });
      return {};
    });
  },
};

function endTask(place: Place, ending: RunEnding, attemptReport: AttemptReport): void {
  const { mission, step, task } = place;
  const isWell = ending.status === WorkStatus.WORK_STATUS_COMPLETED;
  if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING) {
    // Only its usage still counts.
    const end = { node: task.number, endMs: step.nowMs };
    const output = dataOf(ending.output, ending.outputPayload);
    const done = {
      output: bytesOf(output),
      outputPayload: payloadOf(output),
      agent: "",
      used: amountsOrNone(attemptReport.used),
    };
    if (isWell) step.emit(taskCompleted, { ...end, ...done });
    else
      step.emit(taskCancelled, {
        ...end,
        error: errorOf(place, ending),
        accounted: true,
        used: amountsOrNone(attemptReport.used),
      });
    return;
  }
  if (isWell) finish(place, dataOf(ending.output, ending.outputPayload), attemptReport);
  else failAttempt(place, errorOf(place, ending), attemptReport);
}

function errorOf({ task }: Place, ending: RunEnding): ErrorDetail {
  const { runId: child, status } = ending;
  const refusal = missionErrors.childFailed.refusal({
    task: task.spec.id,
    child,
    status: statusName(status),
  });
  return childError(refusal, ending);
}
