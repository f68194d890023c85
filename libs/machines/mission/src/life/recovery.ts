/** Finds all outstanding effects and timers of a state. */

import { MissionPhase } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import { assignmentOf, canBeClaimed, offerOf, startOf } from "../core/board/offer.ts";
import {
  effectNumber,
  missionTimers,
  reservationTimer,
  taskTimers,
  theMission,
  timerNumber,
  voteTimer,
} from "../core/state/numbers.ts";
import {
  hasEnded,
  isChild,
  type Mission,
  type MissionOutstanding,
  type MissionView,
  specOf,
  type Task,
  type TaskView,
} from "../core/state/state.ts";
import { stuckDueMs } from "../kinds/trouble/stuck.ts";

export function recoverMission(mission: MissionView, outstanding: MissionOutstanding): void {
  if (mission.order === undefined || hasEnded(mission)) return;
  const set = (timer: number, dueMs: number) => {
    if (dueMs > 0) outstanding.timer(timer, dueMs);
  };
  if (mission.phase !== MissionPhase.MISSION_PHASE_STOPPING) {
    const { timeoutMs } = specOf(mission);
    set(timerNumber(theMission, missionTimers.timeout), timeoutMs > 0 ? mission.createMs + timeoutMs : 0);
    set(timerNumber(theMission, missionTimers.stuck), stuckDueMs(mission));
  }
  set(timerNumber(theMission, missionTimers.putOff), mission.putOffMs);
  set(timerNumber(theMission, missionTimers.check), mission.checkMs);
  set(timerNumber(theMission, missionTimers.leader), mission.leaderMs);
  for (const { place, dueMs } of mission.votes.values()) set(voteTimer(place), dueMs);
  for (const { number, expireMs } of mission.reservations.values()) set(reservationTimer(number), expireMs);
  for (const task of mission.tasks) if (!isDone(task.status)) recoverTask(mission, task, outstanding);
}

function recoverTask(mission: MissionView, task: TaskView, outstanding: MissionOutstanding): void {
  const { number, status, spec, authority, retryMs, readyMs, beginMs, queueMs, attempt } = task;
  const { totalMs = 0, runMs = 0, queueMs: queueMaxMs = 0 } = spec.timeouts ?? {};
  if (authority?.expireTime !== undefined)
    outstanding.timer(timerNumber(number, taskTimers.authority), fromTimestamp(authority.expireTime));
  const isPaused = status === TaskStatus.TASK_STATUS_PAUSED;
  if (totalMs > 0 && readyMs > 0 && !task.isWithdrawn && !isPaused)
    outstanding.timer(timerNumber(number, taskTimers.total), readyMs + totalMs);
  const expireMs = mission.questions.get(task.question)?.expireMs ?? 0;
  if (expireMs > 0) outstanding.timer(timerNumber(number, taskTimers.question), expireMs);
  if (retryMs > 0) outstanding.timer(timerNumber(number, taskTimers.again), retryMs);
  if (task.isClaimed) {
    outstanding.timer(timerNumber(number, taskTimers.lease), task.leaseDueMs);
    if (runMs > 0) outstanding.timer(timerNumber(number, taskTimers.run), beginMs + runMs);
    return;
  }
  const isQueued = status === TaskStatus.TASK_STATUS_QUEUED;
  if (isChild(task)) {
    if (isQueued)
      outstanding.effect(effectNumber(number), attempt, startOf(mission as Mission, task as Task));
    return;
  }
  if (!isQueued && status !== TaskStatus.TASK_STATUS_RUNNING) return;
  if (assignmentOf(mission).isOffered)
    outstanding.effect(effectNumber(number), attempt, offerOf(mission as Mission, task as Task));
  if (canBeClaimed(mission, task) && isQueued && queueMaxMs > 0)
    outstanding.timer(timerNumber(number, taskTimers.queue), queueMs + queueMaxMs);
}
