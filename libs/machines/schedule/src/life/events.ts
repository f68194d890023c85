import {
  ScheduleCreatedV1,
  SchedulePausedV1,
  SchedulePlan,
  ScheduleRemovedV1,
  ScheduleResumedV1,
  ScheduleUpdatedV1,
} from "@tutti/contracts/workflow/v1";
import { setNext } from "../firing/outstanding.ts";
import { clockTimer, type ScheduleEvent } from "../state.ts";

/** A removed schedule can be created again. Its revisions and the numbers of its firings continue. */
export const scheduleCreated: ScheduleEvent<ScheduleCreatedV1> = {
  type: "schedule_created",
  version: 1,
  codec: ScheduleCreatedV1,
  described: true,
  evolve(schedule, { plan, paused, note, createMs, next }, outstanding) {
    schedule.status = paused ? "paused" : "active";
    schedule.plan = plan ?? SchedulePlan.create();
    schedule.note = note;
    schedule.revision += 1;
    schedule.startedCount = 0;
    schedule.skippedCount = 0;
    schedule.countedRuns = 0;
    schedule.recent.length = 0;
    schedule.createMs = createMs;
    schedule.updateMs = createMs;
    setNext(schedule, next, outstanding);
  },
};

export const scheduleUpdated: ScheduleEvent<ScheduleUpdatedV1> = {
  type: "schedule_updated",
  version: 1,
  codec: ScheduleUpdatedV1,
  described: true,
  evolve(schedule, { plan, updateMs, next }, outstanding) {
    const isNeeded = [...schedule.live.values()].some(
      (live) => live.starting && live.revision === schedule.revision,
    );
    if (isNeeded) schedule.former.set(schedule.revision, schedule.plan.run);
    schedule.plan = plan ?? SchedulePlan.create();
    schedule.revision += 1;
    schedule.updateMs = updateMs;
    setNext(schedule, next, outstanding);
  },
};

export const schedulePaused: ScheduleEvent<SchedulePausedV1> = {
  type: "schedule_paused",
  version: 1,
  codec: SchedulePausedV1,
  described: true,
  evolve(schedule, { note }, outstanding) {
    schedule.status = "paused";
    schedule.note = note;
    setNext(schedule, undefined, outstanding);
  },
};

export const scheduleResumed: ScheduleEvent<ScheduleResumedV1> = {
  type: "schedule_resumed",
  version: 1,
  codec: ScheduleResumedV1,
  described: true,
  evolve(schedule, { note, next }, outstanding) {
    schedule.status = "active";
    schedule.note = note;
    schedule.countedRuns = 0;
    setNext(schedule, next, outstanding);
  },
};

/** Its runs continue. Their ends are not awaited. */
export const scheduleRemoved: ScheduleEvent<ScheduleRemovedV1> = {
  type: "schedule_removed",
  version: 1,
  codec: ScheduleRemovedV1,
  described: true,
  evolve(schedule, _, outstanding) {
    schedule.status = "removed";
    schedule.nominalMs = 0;
    schedule.dueMs = 0;
    outstanding.cleared(clockTimer);
    for (const { firing, stop } of schedule.live.values()) {
      outstanding.settled(firing);
      if (stop > 0) outstanding.settled(stop);
    }
    schedule.live.clear();
    schedule.waiting.clear();
    schedule.byRun.clear();
    schedule.former.clear();
  },
};
