/** Starts, pauses, resumes and ends a mission. */
import {
  BeginMission,
  CancelMission,
  CheckMission,
  MissionBegun,
  MissionDone,
  MissionOrder,
  MissionPhase,
  PauseMission,
  RemoveMission,
  ResumeMission,
  TerminateMission,
  WithdrawMission,
} from "@tutti/contracts/swarm/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import {
  causeOf,
  detailOfRefusal,
  expressionOf,
  fieldDifferences,
  isSameParent,
  isSameRequest,
  labelsMax,
  outputExpressionOf,
  reasonOf,
} from "@tutti/machine-work";
import { tasksDefault } from "../../core/state/limits.ts";
import type { MissionCommand, MissionEventStep, MissionView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import {
  missionPaused,
  missionRemoved,
  missionResumed,
  missionStarted,
  missionTerminated,
  missionWithdrawn,
} from "../../kinds/mission/events.ts";
import { stopMission, stopTaskWork, withdrawQuestions } from "../../kinds/mission/stop.ts";
import { checkTasks } from "../../kinds/task/check.ts";
import { checkAll } from "../conditions.ts";
import { report } from "../end.ts";
import { life } from "../life.ts";
import { commandOf, goingOn } from "../step.ts";

const done: MissionDone = {};

/** Also a message. A repetition changes nothing. */
export const beginMission: MissionCommand<BeginMission, MissionBegun> = {
  type: "begin_mission",
  codec: BeginMission,
  reply: MissionBegun,
  decide(mission, { order }, step) {
    if (mission.order !== undefined) return repeatedStart(mission, order, step);
    const problem = orderProblem(order);
    if (typeof problem === "string") return missionErrors.orderInvalid.refusal({ problem });
    if (problem !== undefined) return problem;
    return goingOn(mission, step, () => {
      step.emit(missionStarted, { order, cause: causeOf(step), createMs: step.nowMs });
      return { existed: false, status: WorkStatus.WORK_STATUS_UNSPECIFIED };
    });
  },
};

function repeatedStart(
  mission: MissionView,
  order: MissionOrder | undefined,
  step: MissionEventStep,
): MissionBegun | Refusal {
  const before = mission.order;
  // A parent that starts a mission again after it withdrew it learns that the mission does not start.
  const wasWithdrawn = before?.spec === undefined && isSameParent(before?.parent, order?.parent);
  const isSame = wasWithdrawn || isSameRequest(before?.requestHash, order?.requestHash);
  return life.startedAgain(mission, step, isSame, () => fieldDifferences(before?.spec, order?.spec));
}

function orderProblem(order: ReadOnly<MissionOrder> | undefined): string | Refusal | undefined {
  const spec = order?.spec;
  if (order === undefined || spec === undefined) return "expected a specification, got none";
  const labels = Object.keys({ ...spec.labels, ...order.labels }).length;
  if (labels > labelsMax) return `expected at most ${labelsMax} labels, got ${labels}`;
  if (!(spec.timeoutMs >= 0 && spec.stuckAfterMs >= 0 && spec.retentionMs >= 0))
    return "expected spans that are not negative";
  const { roles, leadership, stopConditions, output, tasks } = spec;
  const names = roles.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) return `expected each role once, got ${duplicate} twice`;
  const torn = roles.find(({ minAgents, maxAgents }) => maxAgents > 0 && minAgents > maxAgents);
  if (torn !== undefined)
    return `role \`${torn.name}\`: \`maxAgents\` (${torn.maxAgents}) must be at least \`minAgents\` (${torn.minAgents})`;
  if (leadership?.role && !names.includes(leadership.role))
    return `expected leaders of a role of the mission, got ${leadership.role}`;
  for (const { name, condition } of stopConditions) {
    const compiled = expressionOf(condition, "condition", true);
    if (!compiled.ok) return `stop condition ${name}: ${compiled.problem}`;
  }
  if (output !== "") {
    const compiled = outputExpressionOf(output);
    if (!compiled.ok) return `output: ${compiled.problem}`;
  }
  const max = spec.maxTasks || tasksDefault;
  if (tasks.length > max) return missionErrors.tooManyTasks.refusal({ found: tasks.length, max });
  return checkTasks(tasks as Parameters<typeof checkTasks>[0], spec);
}

export const pauseMission: MissionCommand<PauseMission, MissionDone> = commandOf({
  type: "pause_mission",
  codec: PauseMission,
  reply: MissionDone,
  decide(mission, { reason }, step) {
    const isStopping = mission.phase === MissionPhase.MISSION_PHASE_STOPPING;
    const paused = life.pause(mission, step, reason);
    if (paused !== undefined && !isStopping) step.emit(missionPaused, paused);
    return done;
  },
});

export const resumeMission: MissionCommand<ResumeMission, MissionDone> = commandOf({
  type: "resume_mission",
  codec: ResumeMission,
  reply: MissionDone,
  decide(mission, { reason }, step) {
    const resumed = life.resume(mission, step, reason);
    if (resumed !== undefined) step.emit(missionResumed, resumed);
    return done;
  },
});

/** Also a message. A repeated request changes nothing. */
export const cancelMission: MissionCommand<CancelMission, MissionDone> = commandOf({
  type: "cancel_mission",
  codec: CancelMission,
  reply: MissionDone,
  decide(mission, { reason, noCompensate }, step) {
    if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING) return done;
    const error = life.cancelled(step, reason);
    const mode = noCompensate ? "leave" : "cancel";
    stopMission(mission, step, { status: WorkStatus.WORK_STATUS_CANCELLED, error, mode });
    return done;
  },
});

/** Also a message. */
export const terminateMission: MissionCommand<TerminateMission, MissionDone> = commandOf({
  type: "terminate_mission",
  codec: TerminateMission,
  reply: MissionDone,
  decide(mission, { reason }, step) {
    for (const task of mission.tasks) stopTaskWork(mission, step, task, "terminate");
    withdrawQuestions(mission, step);
    step.emit(missionTerminated, { error: life.terminated(step, reason), endMs: step.nowMs });
    report(mission, step);
    return done;
  },
});

/**
 * Message of a parent that gives up a child while its start may be in flight. If it arrives before the start,
 * the mission is recorded as one that never starts. Otherwise a later start would create a mission without a
 * waiter.
 */
export const withdrawMission: MissionCommand<WithdrawMission, MissionDone> = {
  type: "withdraw_mission",
  codec: WithdrawMission,
  reply: MissionDone,
  decide(mission, { definition, parent, terminate, reason, noCompensate }, step) {
    const end = life.withdrawn(mission, parent, terminate);
    if (end === "not-started") {
      const error = detailOfRefusal(missionErrors.withdrawn.refusal({ reason: reasonOf(reason) }));
      const order = MissionOrder.fromPartial({ definition, ...(parent && { parent }) });
      step.emit(missionWithdrawn, { order, error, endMs: step.nowMs });
    } else if (end === "terminate") terminateMission.decide(mission, { reason }, step);
    else if (end === "cancel") cancelMission.decide(mission, { reason, noCompensate }, step);
    return done;
  },
};

/** Only a mission that has ended can be removed: nothing that continues is lost with it. */
export const removeMission: MissionCommand<RemoveMission, MissionDone> = {
  type: "remove_mission",
  codec: RemoveMission,
  reply: MissionDone,
  decide(mission, { reason }, step) {
    const removed = life.remove(mission, step, reason);
    if (isRefusal(removed)) return removed;
    if (removed !== undefined) step.emit(missionRemoved, removed);
    return done;
  },
};

/** Evaluates all conditions at once, after any change. */
export const checkMission: MissionCommand<CheckMission, MissionDone> = {
  type: "check_mission",
  codec: CheckMission,
  reply: MissionDone,
  decide(mission, _, step) {
    const refusal = life.refusalIfEnded(mission, step);
    if (refusal !== undefined) return refusal;
    return goingOn(mission, step, () => {
      if (
        mission.phase === MissionPhase.MISSION_PHASE_GOING &&
        (mission.order?.spec?.stopConditions.length ?? 0) > 0
      )
        checkAll(mission, step);
      return done;
    });
  },
};
