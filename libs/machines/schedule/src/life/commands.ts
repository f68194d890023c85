import {
  CreateSchedule,
  type NextTime,
  PauseReason,
  PauseSchedule,
  RemoveSchedule,
  ResumeSchedule,
  ScheduleCreated,
  ScheduleDone,
  SchedulePlan,
  ScheduleRemoved,
  ScheduleRevised,
  UpdateSchedule,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { scheduleErrors } from "../errors.ts";
import { startNext } from "../firing/act.ts";
import { nextTime } from "../firing/clock.ts";
import { notAPlan, notThere } from "../refusals.ts";
import { type ScheduleCommand, type ScheduleView, timingOf } from "../state.ts";
import { calendarOf } from "../timing/timing.ts";
import {
  scheduleCreated,
  schedulePaused,
  scheduleRemoved,
  scheduleResumed,
  scheduleUpdated,
} from "./events.ts";

const nothing: NextTime = { nominalMs: 0, dueMs: 0 };

export const create: ScheduleCommand<CreateSchedule, ScheduleCreated> = {
  type: "create",
  codec: CreateSchedule,
  reply: ScheduleCreated,
  decide(schedule, { plan, paused, note }, step) {
    const { id } = step.key;
    const refusal = notAPlan(plan);
    if (refusal !== undefined || plan === undefined) return refusal ?? scheduleErrors.exists.refusal({ id });
    if (schedule.status === "active" || schedule.status === "paused")
      return isSame(schedule.plan, plan) ? { existed: true } : scheduleErrors.exists.refusal({ id });
    const next = paused ? nothing : nextOf(plan, id, step.nowMs);
    step.emit(scheduleCreated, { plan, paused, note, createMs: step.nowMs, next });
    return { existed: false };
  },
};

export const update: ScheduleCommand<UpdateSchedule, ScheduleRevised> = {
  type: "update",
  codec: UpdateSchedule,
  reply: ScheduleRevised,
  decide(schedule, { plan, revision }, step) {
    const { id } = step.key;
    const refusal = notThere(schedule, id) ?? notAPlan(plan);
    if (refusal !== undefined || plan === undefined) return refusal ?? scheduleErrors.missing.refusal({ id });
    if (isSame(schedule.plan, plan)) return { revision: schedule.revision };
    if (revision !== 0 && revision !== schedule.revision)
      return scheduleErrors.moved.refusal({ id, revision, found: schedule.revision });
    const next = schedule.status === "paused" ? nothing : nextAfterUpdate(schedule, plan, id, step.nowMs);
    step.emit(scheduleUpdated, { plan, updateMs: step.nowMs, next });
    return { revision: schedule.revision };
  },
};

export const pause: ScheduleCommand<PauseSchedule, ScheduleDone> = {
  type: "pause",
  codec: PauseSchedule,
  reply: ScheduleDone,
  decide(schedule, { note }, step) {
    const refusal = notThere(schedule, step.key.id);
    if (refusal !== undefined) return refusal;
    if (schedule.status === "paused" && schedule.note === note) return {};
    step.emit(schedulePaused, { reason: PauseReason.PAUSE_REASON_ASKED, note, pauseMs: step.nowMs });
    return {};
  },
};

/** Times that passed meanwhile are not repeated. Runs that waited before the pause start. */
export const resume: ScheduleCommand<ResumeSchedule, ScheduleDone> = {
  type: "resume",
  codec: ResumeSchedule,
  reply: ScheduleDone,
  decide(schedule, { note }, step) {
    const { id } = step.key;
    const refusal = notThere(schedule, id);
    if (refusal !== undefined) return refusal;
    if (schedule.status !== "paused") return {};
    const next = nextTime(calendarOf(timingOf(schedule), id), step.nowMs);
    step.emit(scheduleResumed, { note, resumeMs: step.nowMs, next });
    startNext(schedule, step);
    return {};
  },
};

export const remove: ScheduleCommand<RemoveSchedule, ScheduleRemoved> = {
  type: "remove",
  codec: RemoveSchedule,
  reply: ScheduleRemoved,
  decide(schedule, _, step) {
    if (notThere(schedule, step.key.id) !== undefined) return { removed: false };
    step.emit(scheduleRemoved, {});
    return { removed: true };
  },
};

function isSame(one: ReadOnly<SchedulePlan>, other: SchedulePlan): boolean {
  // The cast is safe: the value is only read.
  const bytes = SchedulePlan.encode(one as SchedulePlan).finish();
  return Buffer.from(bytes).equals(SchedulePlan.encode(other).finish());
}

function nextOf(plan: SchedulePlan, id: string, afterMs: number): NextTime {
  return plan.timing === undefined ? nothing : nextTime(calendarOf(plan.timing, id), afterMs);
}

/** A due time that is only delayed stays, if the new rules have it too. */
function nextAfterUpdate(schedule: ScheduleView, plan: SchedulePlan, id: string, nowMs: number): NextTime {
  const { nominalMs } = schedule;
  if (nominalMs > 0 && nominalMs <= nowMs) {
    const current = nextOf(plan, id, nominalMs - 1);
    if (current.nominalMs === nominalMs) return current;
  }
  return nextOf(plan, id, nowMs);
}
