/** Handles an expired timer of the mission, a task, a vote or a reservation. */
import { TaskHold } from "@tutti/contracts/swarm/v1";
import { Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { detailOfRefusal } from "@tutti/machine-work";
import { kindOfTimer, missionTimers, nodeOfTimer, taskTimers, theMission } from "../core/state/numbers.ts";
import { type MissionEventStep, type MissionView, specOf, type TaskView } from "../core/state/state.ts";
import { missionErrors } from "../errors.ts";
import { budgetReturned } from "../kinds/budget/events.ts";
import { missionPutOff } from "../kinds/mission/events.ts";
import { stopMission, stopPartsWork, stopTaskWork } from "../kinds/mission/stop.ts";
import { leaderElected } from "../kinds/participant/events.ts";
import { nextLeader } from "../kinds/participant/leading.ts";
import { questionDecided } from "../kinds/question/events.ts";
import { taskHeld } from "../kinds/task/events.ts";
import { failAttempt, failForGood, loseAttempt, type Place } from "../kinds/task/outcome.ts";
import { checkStuck } from "../kinds/trouble/find.ts";
import { close } from "../kinds/vote/decide.ts";
import { checkAll } from "./conditions.ts";
import { goingOn } from "./step.ts";

export function expire(mission: MissionView, timer: number, step: MissionEventStep): void {
  const node = nodeOfTimer(timer);
  const kind = kindOfTimer(timer);
  goingOn(mission, step, () => {
    if (node === theMission) expireMission(mission, kind, step);
    else if (kind === taskTimers.other) expireOther(mission, node, step);
    else {
      const task = mission.tasks[node];
      if (task !== undefined) expireTask(mission, task, kind, step);
    }
  });
}

function expireMission(mission: MissionView, timer: number, step: MissionEventStep): void {
  switch (timer) {
    case missionTimers.timeout: {
      const refusal = missionErrors.timedOut.refusal({
        id: step.key.id,
        timeoutMs: specOf(mission).timeoutMs,
      });
      stopMission(mission, step, { status: WorkStatus.WORK_STATUS_FAILED, error: detailOfRefusal(refusal) });
      return;
    }
    case missionTimers.putOff:
      step.emit(missionPutOff, { untilMs: 0 });
      return;
    case missionTimers.check:
      checkAll(mission, step);
      return;
    case missionTimers.stuck:
      checkStuck(mission, step);
      return;
    case missionTimers.leader:
      // The leader was inactive. It may be elected again after its next activity.
      step.emit(leaderElected, { agent: nextLeader(mission, step.nowMs), electMs: step.nowMs });
      return;
  }
}

/** Votes have even numbers, reservations odd ones. */
function expireOther(mission: MissionView, number: number, step: MissionEventStep): void {
  if (number % 2 === 1) {
    step.emit(budgetReturned, { number: (number - 1) / 2 });
    return;
  }
  const place = number / 2;
  for (const { vote, place: each } of mission.votes.values())
    if (each === place) {
      close(mission, step, vote.voteId);
      return;
    }
}

function expireTask(mission: MissionView, task: TaskView, timer: number, step: MissionEventStep): void {
  const { number, spec } = task;
  const { timeouts } = spec;
  const place = { mission, step, task };
  const timedOut = (expected: string, ms: number) =>
    detailOfRefusal(missionErrors.taskTimedOut.refusal({ task: spec.id, expected, ms }));
  switch (timer) {
    case taskTimers.again:
      step.emit(taskHeld, { node: number, hold: TaskHold.TASK_HOLD_UNSPECIFIED });
      return;
    case taskTimers.lease:
      loseAttempt(mission, step, task, { agent: task.agent, reason: "it went silent", retryMs: 0 });
      return;
    case taskTimers.run:
      failAttempt(place, timedOut("to end an attempt", timeouts?.runMs ?? 0), lostReport(task));
      return;
    case taskTimers.queue:
      failAttempt(place, timedOut("to be begun", timeouts?.queueMs ?? 0), noAgent);
      return;
    case taskTimers.question:
      expireQuestion(place);
      return;
    case taskTimers.total:
    case taskTimers.authority: {
      stopTaskWork(mission, step, task, "cancel");
      stopPartsWork(mission, step, task);
      const isTotal = timer === taskTimers.total;
      const error = isTotal
        ? timedOut("to end", timeouts?.totalMs ?? 0)
        : detailOfRefusal(missionErrors.authorityOver.refusal({ task: spec.id }));
      failForGood(place, error, lostReport(task));
    }
  }
}

/** The usage is unknown: all reserved amounts count as used. */
function lostReport({ reserved, beginMs, childId }: TaskView) {
  const isAtWork = beginMs > 0 || childId !== "";
  return { agent: "", used: isAtWork && reserved !== undefined ? { ...reserved } : undefined };
}

const noAgent = { agent: "", used: undefined };

/** Handles a missing decision. */
function expireQuestion(place: Place): void {
  const { mission, step, task } = place;
  const question = mission.questions.get(task.question);
  if (question === undefined) return;
  const { number, expireMs, requestMs } = question;
  const verdict = Verdict.VERDICT_EXPIRED;
  step.emit(questionDecided, { number, decision: undefined, verdict, decideMs: step.nowMs });
  const expired = { task: task.spec.id, withinMs: expireMs - requestMs };
  failForGood(place, detailOfRefusal(missionErrors.approvalExpired.refusal(expired)), noAgent);
}
