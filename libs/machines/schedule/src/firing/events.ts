import {
  FiringOrigin,
  FiringQueuedV1,
  FiringResult,
  FiringSkippedV1,
  FiringStartedV1,
  type LiveFiring,
  PastFiring,
  RunEndNotedV1,
  ScheduleAdvancedV1,
  SkipReason,
  StartConfirmedV1,
  StartRefusedV1,
  StopConfirmedV1,
  StopRequestedV1,
  TimesMissedV1,
} from "@tutti/contracts/workflow/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import { recentMax } from "../limits.ts";
import type { Schedule, ScheduleEffect, ScheduleEvent } from "../state.ts";
import { setNext, starting, stopping } from "./outstanding.ts";

export const scheduleAdvanced: ScheduleEvent<ScheduleAdvancedV1> = {
  type: "schedule_advanced",
  version: 1,
  codec: ScheduleAdvancedV1,
  evolve: (schedule, { next }, outstanding) => setNext(schedule, next, outstanding),
};

export const firingStarted: ScheduleEvent<FiringStartedV1> = {
  type: "firing_started",
  version: 1,
  codec: FiringStartedV1,
  evolve(schedule, { firing, nominalMs, fireMs, origin, runId }, outstanding) {
    schedule.waiting.delete(firing);
    schedule.lastNumber = Math.max(schedule.lastNumber, firing);
    const { revision } = schedule;
    const live: LiveFiring = {
      firing,
      runId,
      starting: true,
      stop: 0,
      terminate: false,
      stopping: false,
      revision,
    };
    schedule.live.set(firing, live);
    schedule.byRun.set(runId, firing);
    schedule.startedCount += 1;
    if (origin === FiringOrigin.FIRING_ORIGIN_TIME) schedule.countedRuns += 1;
    outstanding.effect(firing, 1, starting(schedule, live));
    remember(schedule, { firing, nominalMs, fireMs, runId, result: FiringResult.FIRING_RESULT_STARTED });
  },
};

export const firingQueued: ScheduleEvent<FiringQueuedV1> = {
  type: "firing_queued",
  version: 1,
  codec: FiringQueuedV1,
  evolve(schedule, { firing, nominalMs, fireMs, origin, runId, replaceable }) {
    schedule.lastNumber = firing;
    schedule.waiting.set(firing, { firing, nominalMs, fireMs, origin, runId, replaceable });
    schedule.byRun.set(runId, firing);
    remember(schedule, { firing, nominalMs, fireMs, runId, result: FiringResult.FIRING_RESULT_QUEUED });
  },
};

const skipped: Readonly<Record<SkipReason, string>> = {
  [SkipReason.SKIP_REASON_UNSPECIFIED]: "",
  [SkipReason.SKIP_REASON_OVERLAP]: "the run before had not ended",
  [SkipReason.SKIP_REASON_REPLACED]: "another one waits in its place",
  [SkipReason.SKIP_REASON_FULL]: "as many wait or run as there may",
  [SkipReason.SKIP_REASON_TWICE]: "a run of this time waits or runs already",
  [SkipReason.UNRECOGNIZED]: "",
};

export const firingSkipped: ScheduleEvent<FiringSkippedV1> = {
  type: "firing_skipped",
  version: 1,
  codec: FiringSkippedV1,
  evolve(schedule, { firing, nominalMs, fireMs, reason }) {
    const waited = schedule.waiting.get(firing);
    if (waited !== undefined) {
      schedule.waiting.delete(firing);
      schedule.byRun.delete(waited.runId);
    }
    schedule.skippedCount += 1;
    const result = FiringResult.FIRING_RESULT_OVERLAPPED;
    remember(schedule, { firing, nominalMs, fireMs, runId: "", result, message: skipped[reason] });
  },
};

export const timesMissed: ScheduleEvent<TimesMissedV1> = {
  type: "times_missed",
  version: 1,
  codec: TimesMissedV1,
  evolve(schedule, { lastMs, count, fireMs, more }) {
    schedule.skippedCount += count;
    const others = count > 1 ? `, with ${count - 1} before it` : "";
    const message = `too late${others}${more ? "; later ones were not counted" : ""}`;
    const result = FiringResult.FIRING_RESULT_MISSED;
    remember(schedule, { firing: 0, nominalMs: lastMs, fireMs, runId: "", result, message });
  },
};

export const startConfirmed: ScheduleEvent<StartConfirmedV1> = {
  type: "start_confirmed",
  version: 1,
  codec: StartConfirmedV1,
  evolve(schedule, { firing, ended }, outstanding) {
    const live = liveOf(schedule, firing);
    outstanding.settled(firing);
    schedule.live.set(firing, { ...live, starting: false });
    forgetFormer(schedule, live.revision);
    if (ended) forget(schedule, firing, outstanding);
    else if (live.stop > 0) outstanding.effect(live.stop, 1, stopping(live));
  },
};

export const startRefused: ScheduleEvent<StartRefusedV1> = {
  type: "start_refused",
  version: 1,
  codec: StartRefusedV1,
  evolve(schedule, { firing, code, message }, outstanding) {
    const { runId } = liveOf(schedule, firing);
    forget(schedule, firing, outstanding);
    schedule.startedCount -= 1;
    schedule.skippedCount += 1;
    const before = schedule.recent.find((past) => past.firing === firing);
    const times = { nominalMs: before?.nominalMs ?? 0, fireMs: before?.fireMs ?? 0 };
    const result = FiringResult.FIRING_RESULT_REFUSED;
    remember(schedule, { firing, ...times, runId, result, message: `${code}: ${message}` });
  },
};

export const stopRequested: ScheduleEvent<StopRequestedV1> = {
  type: "stop_requested",
  version: 1,
  codec: StopRequestedV1,
  evolve(schedule, { stop, firing, terminate }, outstanding) {
    const before = liveOf(schedule, firing);
    if (before.stop > 0) outstanding.settled(before.stop);
    const live = { ...before, stop, terminate, stopping: true };
    schedule.lastNumber = stop;
    schedule.live.set(firing, live);
    // A run that is not known to exist is stopped later, when it is: its start may still be in flight.
    if (!live.starting) outstanding.effect(stop, 1, stopping(live));
  },
};

export const stopConfirmed: ScheduleEvent<StopConfirmedV1> = {
  type: "stop_confirmed",
  version: 1,
  codec: StopConfirmedV1,
  evolve(schedule, { stop, ended }, outstanding) {
    const live = [...schedule.live.values()].find((each) => each.stop === stop);
    assert(live !== undefined, "a run with a requested stop is live", { stop });
    outstanding.settled(stop);
    schedule.live.set(live.firing, { ...live, stop: 0 });
    if (ended) forget(schedule, live.firing, outstanding);
  },
};

export const runEndNoted: ScheduleEvent<RunEndNotedV1> = {
  type: "run_end_noted",
  version: 1,
  codec: RunEndNotedV1,
  evolve: (schedule, { firing }, outstanding) => forget(schedule, firing, outstanding),
};

function liveOf(schedule: Schedule, firing: number): LiveFiring {
  const live = schedule.live.get(firing);
  assert(live !== undefined, "a firing that continues is live", { firing });
  return live;
}

/** Drops a run that has ended or never started. */
function forget(schedule: Schedule, firing: number, outstanding: Outstanding<ScheduleEffect>): void {
  const live = liveOf(schedule, firing);
  schedule.live.delete(firing);
  schedule.byRun.delete(live.runId);
  outstanding.settled(firing);
  if (live.stop > 0) outstanding.settled(live.stop);
  forgetFormer(schedule, live.revision);
}

/** Keeps the order of a replaced plan while one of its runs is being started. */
function forgetFormer(schedule: Schedule, revision: number): void {
  if (!schedule.former.has(revision)) return;
  const isNeeded = [...schedule.live.values()].some((live) => live.starting && live.revision === revision);
  if (!isNeeded) schedule.former.delete(revision);
}

/** Replaces the record of a firing by its outcome. */
function remember(schedule: Schedule, past: Partial<PastFiring>): void {
  const record = PastFiring.create(past);
  const { recent } = schedule;
  const known = record.firing === 0 ? -1 : recent.findIndex(({ firing }) => firing === record.firing);
  if (known >= 0) recent.splice(known, 1);
  recent.push(record);
  if (recent.length > recentMax) recent.shift();
}
