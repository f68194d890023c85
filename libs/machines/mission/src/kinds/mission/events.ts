/** The life of a mission as a whole. */

import {
  MissionBegunV1,
  MissionCancelledV1,
  MissionCheckPutOffV1,
  MissionCompletedV1,
  MissionFailedV1,
  MissionOrder,
  MissionPausedV1,
  MissionPhase,
  MissionPutOffV1,
  MissionRemovedV1,
  MissionResumedV1,
  MissionStartedV1,
  MissionStoppedV1,
  MissionTerminatedV1,
  MissionWithdrawnV1,
} from "@tutti/contracts/swarm/v1";
import { type ErrorDetail, TaskStatus, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { blobsOf, dataOf, isDone } from "@tutti/machine-work";
import { addTasks } from "../../core/board/add.ts";
import { end as endTask, removeReservation, returnQueued } from "../../core/board/flow.ts";
import { isAwaited } from "../../core/board/nodes.ts";
import {
  missionTimers,
  reservationTimer,
  theMission,
  timerNumber,
  voteTimer,
} from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, MissionOutstanding } from "../../core/state/state.ts";
import { armStuck } from "../trouble/stuck.ts";

export const missionStarted: MissionEvent<MissionStartedV1> = {
  type: "mission_started",
  version: 1,
  codec: MissionStartedV1,
  described: true,
  blobs: ({ order }) => [
    ...blobsOf(order?.spec?.input),
    ...(order?.spec?.tasks.flatMap(({ input }) => blobsOf(input)) ?? []),
  ],
  evolve(mission, { order = MissionOrder.create(), cause, createMs }, outstanding) {
    mission.order = withoutTasks(order);
    mission.createCause = cause;
    mission.createMs = createMs;
    mission.progressMs = createMs;
    mission.phase = MissionPhase.MISSION_PHASE_WAITING;
    const origin = { parent: -1, authority: undefined, toAgent: "", fromAgent: "", cause, addMs: createMs };
    addTasks(mission, order.spec?.tasks ?? [], origin, outstanding);
    const timeoutMs = order.spec?.timeoutMs ?? 0;
    if (timeoutMs > 0)
      outstanding.timer(timerNumber(theMission, missionTimers.timeout), createMs + timeoutMs);
  },
};

function withoutTasks(order: MissionOrder): MissionOrder {
  return { ...order, spec: order.spec && { ...order.spec, tasks: [] } };
}

export const missionBegun: MissionEvent<MissionBegunV1> = {
  type: "mission_begun",
  version: 1,
  codec: MissionBegunV1,
  described: true,
  evolve(mission, { beginMs }, outstanding) {
    mission.phase = MissionPhase.MISSION_PHASE_GOING;
    mission.beginMs = beginMs;
    mission.progressMs = beginMs;
    armStuck(mission, outstanding);
  },
};

export const missionPaused: MissionEvent<MissionPausedV1> = {
  type: "mission_paused",
  version: 1,
  codec: MissionPausedV1,
  described: true,
  evolve(mission, { reason, pauseMs }, outstanding) {
    mission.pauseMs = pauseMs;
    mission.pauseReason = reason;
    returnQueued(mission, outstanding);
    armStuck(mission, outstanding);
  },
};

export const missionResumed: MissionEvent<MissionResumedV1> = {
  type: "mission_resumed",
  version: 1,
  codec: MissionResumedV1,
  described: true,
  evolve(mission, { resumeMs }, outstanding) {
    mission.pauseMs = 0;
    mission.pauseReason = "";
    mission.progressMs = resumeMs;
    armStuck(mission, outstanding);
  },
};

export const missionPutOff: MissionEvent<MissionPutOffV1> = {
  type: "mission_put_off",
  version: 1,
  codec: MissionPutOffV1,
  evolve(mission, { untilMs }, outstanding) {
    mission.putOffMs = untilMs;
    set(outstanding, missionTimers.putOff, untilMs);
  },
};

export const missionCheckPutOff: MissionEvent<MissionCheckPutOffV1> = {
  type: "mission_check_put_off",
  version: 1,
  codec: MissionCheckPutOffV1,
  evolve(mission, { dueMs }, outstanding) {
    mission.checkMs = dueMs;
    set(outstanding, missionTimers.check, dueMs);
  },
};

function set(outstanding: MissionOutstanding, timer: number, dueMs: number): void {
  if (dueMs > 0) outstanding.timer(timerNumber(theMission, timer), dueMs);
  else outstanding.cleared(timerNumber(theMission, timer));
}

/** Stops all open work, except children that have started: their usage is still to be reported. */
export const missionStopped: MissionEvent<MissionStoppedV1> = {
  type: "mission_stopped",
  version: 1,
  codec: MissionStoppedV1,
  described: true,
  evolve(mission, { status, error, stopMs }, outstanding) {
    mission.phase = MissionPhase.MISSION_PHASE_STOPPING;
    mission.ending = status;
    mission.error = error;
    stopAll(mission, stopMs, outstanding, false);
  },
};

function stopAll(mission: Mission, atMs: number, outstanding: MissionOutstanding, isByForce: boolean): void {
  for (const task of mission.tasks) {
    if (isDone(task.status)) continue;
    const isThere = task.status === TaskStatus.TASK_STATUS_WAITING && isAwaited(task);
    if (isThere && !isByForce) continue;
    task.reason = "the mission has ended";
    endTask(mission, task, TaskStatus.TASK_STATUS_CANCELLED, atMs, outstanding);
  }
  clear(mission, outstanding);
}

/** Clears all timers and effects of the mission itself, except for its children. */
function clear(mission: Mission, outstanding: MissionOutstanding): void {
  mission.pauseMs = 0;
  mission.putOffMs = 0;
  mission.checkMs = 0;
  mission.leaderMs = 0;
  mission.leader = "";
  mission.isUsedUp = false;
  mission.troubleHolds = false;
  for (const timer of Object.values(missionTimers)) outstanding.cleared(timerNumber(theMission, timer));
  for (const { place } of mission.votes.values()) outstanding.cleared(voteTimer(place));
  for (const open of mission.votes.values()) {
    open.dueMs = 0;
    open.hasOpenQuestion = false;
  }
  for (const number of [...mission.reservations.keys()]) {
    outstanding.cleared(reservationTimer(number));
    removeReservation(mission, number, outstanding);
  }
  for (const question of mission.questions.values())
    if (question.verdict === Verdict.VERDICT_UNSPECIFIED) question.verdict = Verdict.VERDICT_WITHDRAWN;
  mission.openQuestions = 0;
}

export const missionCompleted: MissionEvent<MissionCompletedV1> = {
  type: "mission_completed",
  version: 1,
  codec: MissionCompletedV1,
  described: true,
  evolve(mission, { output, outputOfTasks, endMs }, outstanding) {
    mission.output = dataOf(output, undefined);
    mission.isOutputOfTasks = outputOfTasks;
    mission.error = undefined;
    end(mission, WorkStatus.WORK_STATUS_COMPLETED, endMs, outstanding);
  },
};

export const missionFailed: MissionEvent<MissionFailedV1> = {
  type: "mission_failed",
  version: 1,
  codec: MissionFailedV1,
  described: true,
  evolve: (mission, { error, endMs }, outstanding) =>
    endWith(mission, WorkStatus.WORK_STATUS_FAILED, { error, endMs }, outstanding),
};

export const missionCancelled: MissionEvent<MissionCancelledV1> = {
  type: "mission_cancelled",
  version: 1,
  codec: MissionCancelledV1,
  described: true,
  evolve: (mission, { error, endMs }, outstanding) =>
    endWith(mission, WorkStatus.WORK_STATUS_CANCELLED, { error, endMs }, outstanding),
};

export const missionTerminated: MissionEvent<MissionTerminatedV1> = {
  type: "mission_terminated",
  version: 1,
  codec: MissionTerminatedV1,
  described: true,
  evolve(mission, { error, endMs }, outstanding) {
    stopAll(mission, endMs, outstanding, true);
    endWith(mission, WorkStatus.WORK_STATUS_TERMINATED, { error, endMs }, outstanding);
  },
};

/** Records only that the mission was withdrawn. */
export const missionWithdrawn: MissionEvent<MissionWithdrawnV1> = {
  type: "mission_withdrawn",
  version: 1,
  codec: MissionWithdrawnV1,
  described: true,
  evolve(mission, { order = MissionOrder.create(), error, endMs }, outstanding) {
    mission.order = order;
    mission.createMs = endMs;
    endWith(mission, WorkStatus.WORK_STATUS_CANCELLED, { error, endMs }, outstanding);
  },
};

export const missionRemoved: MissionEvent<MissionRemovedV1> = {
  type: "mission_removed",
  version: 1,
  codec: MissionRemovedV1,
  described: true,
  evolve(mission, { removeMs }) {
    mission.removeMs = removeMs;
  },
};

function endWith(
  mission: Mission,
  status: WorkStatus,
  { error, endMs }: { error: ErrorDetail | undefined; endMs: number },
  outstanding: MissionOutstanding,
): void {
  mission.error = error;
  end(mission, status, endMs, outstanding);
}

function end(mission: Mission, status: WorkStatus, endMs: number, outstanding: MissionOutstanding): void {
  clear(mission, outstanding);
  mission.phase = MissionPhase.MISSION_PHASE_ENDED;
  mission.ending = status;
  mission.endMs = endMs;
  mission.trouble = "";
}
