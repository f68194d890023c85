/**
 * The schedule machine: the table of its commands, events and queries. It starts runs by the clock, each time once:
 *
 * 1. The previous step decided the next time, and its event contains it: no fold reads a calendar or a time zone.
 * 2. The clock is one timer, which follows from the state. A restart loses no time, and fires none twice.
 * 3. Every time of the rules has one outcome: a run, a place in the queue, a reason for a skip, or a pause.
 *
 * @guarantee Each time of a schedule has one outcome: a run, a place in the queue, or a recorded reason.
 */
import type { Machine } from "@tutti/kernel";
import { advance } from "./firing/clock.ts";
import {
  backfill,
  confirmStart,
  confirmStop,
  refuseStart,
  reportRunEnd,
  trigger,
} from "./firing/commands.ts";
import {
  firingQueued,
  firingSkipped,
  firingStarted,
  runEndNoted,
  scheduleAdvanced,
  startConfirmed,
  startRefused,
  stopConfirmed,
  stopRequested,
  timesMissed,
} from "./firing/events.ts";
import { recover } from "./firing/outstanding.ts";
import { create, pause, remove, resume, update } from "./life/commands.ts";
import { describeSchedule, projectSchedule } from "./life/description.ts";
import {
  scheduleCreated,
  schedulePaused,
  scheduleRemoved,
  scheduleResumed,
  scheduleUpdated,
} from "./life/events.ts";
import { facts } from "./life/queries.ts";
import { scheduleSnapshots } from "./snapshots.ts";
import { newSchedule, type Schedule, type ScheduleEffect } from "./state.ts";

export const schedule: Machine<Schedule, ScheduleEffect> = {
  kind: "schedule",
  behaviour: 1,
  isEndless: true,
  create: newSchedule,
  commands: [
    create,
    update,
    pause,
    resume,
    remove,
    trigger,
    backfill,
    confirmStart,
    refuseStart,
    confirmStop,
    reportRunEnd,
  ],
  events: [
    scheduleCreated,
    scheduleUpdated,
    schedulePaused,
    scheduleResumed,
    scheduleRemoved,
    scheduleAdvanced,
    firingStarted,
    firingQueued,
    firingSkipped,
    timesMissed,
    startConfirmed,
    startRefused,
    stopRequested,
    stopConfirmed,
    runEndNoted,
  ],
  queries: [facts],
  expire: (state, _, step) => advance(state, step),
  snapshots: scheduleSnapshots,
  recover,
  describe: describeSchedule,
  project: projectSchedule,
};
