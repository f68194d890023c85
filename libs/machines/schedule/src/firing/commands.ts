/** Manual firings, results of starts, and reports of runs. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  BackfillSchedule,
  ConfirmStart,
  ConfirmStop,
  FiringOrigin,
  type LiveFiring,
  Overlap,
  PastFiring,
  PauseReason,
  RefuseStart,
  ReportRunEnd,
  ScheduleBackfilled,
  ScheduleDone,
  ScheduleTriggered,
  TriggerSchedule,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { scheduleErrors } from "../errors.ts";
import { schedulePaused } from "../life/events.ts";
import { backfillMax, waitingMax } from "../limits.ts";
import { notThere } from "../refusals.ts";
import { type ScheduleCommand, type ScheduleStep, type ScheduleView, timingOf } from "../state.ts";
import { calendarOf } from "../timing/timing.ts";
import { act, startNext } from "./act.ts";
import { runEndNoted, startConfirmed, startRefused, stopConfirmed } from "./events.ts";

export const trigger: ScheduleCommand<TriggerSchedule, ScheduleTriggered> = {
  type: "trigger",
  codec: TriggerSchedule,
  reply: ScheduleTriggered,
  decide(schedule, { overlap }, step) {
    const refusal = notThere(schedule, step.key.id);
    if (refusal !== undefined) return refusal;
    const time = { nominalMs: step.nowMs, origin: FiringOrigin.FIRING_ORIGIN_TRIGGER };
    act(schedule, time, overlap || schedule.plan.overlap || Overlap.OVERLAP_SKIP, step);
    return { firing: PastFiring.create({ ...schedule.recent.at(-1) }) };
  },
};

/** Returns the number itself if it is beyond the range of dates. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

export const backfill: ScheduleCommand<BackfillSchedule, ScheduleBackfilled> = {
  type: "backfill",
  codec: BackfillSchedule,
  reply: ScheduleBackfilled,
  decide(schedule, { fromMs, untilMs: requestedUntilMs, overlap: requestedOverlap }, step) {
    const { id } = step.key;
    const untilMs = requestedUntilMs === Number.POSITIVE_INFINITY ? step.nowMs : requestedUntilMs;
    const refusal = notThere(schedule, id);
    if (refusal !== undefined) return refusal;
    if (!(fromMs >= 0 && fromMs < untilMs && untilMs <= step.nowMs))
      return scheduleErrors.spanInvalid.refusal({
        problem: `expected a time range that ended by ${timeText(step.nowMs)}, got ${timeText(fromMs)} to ${timeText(untilMs)}`,
      });
    const times = timesBetween(schedule, id, fromMs, untilMs);
    if (times === undefined)
      return scheduleErrors.spanInvalid.refusal({
        problem: `expected at most ${backfillMax} times, got more from ${timeText(fromMs)} to ${timeText(untilMs)}`,
      });
    const overlap = requestedOverlap || Overlap.OVERLAP_QUEUE_ALL;
    const waiting = schedule.waiting.size;
    if (overlap === Overlap.OVERLAP_QUEUE_ALL && waiting + times.length > waitingMax)
      return scheduleErrors.waitingFull.refusal({ id, max: waitingMax, waiting, wanted: times.length });
    for (const nominalMs of times)
      act(schedule, { nominalMs, origin: FiringOrigin.FIRING_ORIGIN_BACKFILL }, overlap, step);
    return { count: times.length };
  },
};

/** Maximum number of searches, each of which skips 5,000 excluded times. */
const searchesMax = 20;

function timesBetween(
  schedule: ScheduleView,
  id: string,
  fromMs: number,
  untilMs: number,
): readonly number[] | undefined {
  const calendar = calendarOf(timingOf(schedule), id);
  const times: number[] = [];
  let atMs = fromMs - 1;
  for (let searches = 0; searches < searchesMax; ) {
    const ahead = calendar.nextAfter(atMs);
    if (ahead.kind === "none") return times;
    atMs = ahead.kind === "time" ? ahead.nominalMs : ahead.searchedMs;
    if (atMs >= untilMs) return times;
    if (ahead.kind === "unknown") searches++;
    else if (times.length === backfillMax) return undefined;
    else times.push(atMs);
  }
  return undefined;
}

/** A result. */
export const confirmStart: ScheduleCommand<ConfirmStart, ScheduleDone> = {
  type: "confirm_start",
  codec: ConfirmStart,
  reply: ScheduleDone,
  decide(schedule, { existed, ended }, step) {
    const live = startOf(schedule, step);
    if (live === undefined) return scheduleErrors.resultUnasked.refusal({ id: step.key.id });
    step.emit(startConfirmed, { firing: live.firing, existed, ended });
    startNext(schedule, step);
    return {};
  },
};

/** A result. */
export const refuseStart: ScheduleCommand<RefuseStart, ScheduleDone> = {
  type: "refuse_start",
  codec: RefuseStart,
  reply: ScheduleDone,
  decide(schedule, { code, message }, step) {
    const live = startOf(schedule, step);
    if (live === undefined) return scheduleErrors.resultUnasked.refusal({ id: step.key.id });
    step.emit(startRefused, { firing: live.firing, code, message });
    startNext(schedule, step);
    return {};
  },
};

/** A result. */
export const confirmStop: ScheduleCommand<ConfirmStop, ScheduleDone> = {
  type: "confirm_stop",
  codec: ConfirmStop,
  reply: ScheduleDone,
  decide(schedule, { ended }, step) {
    const stop = step.settles?.number ?? 0;
    const isRequested =
      stop > 0 && [...schedule.live.values()].some((live) => live.stop === stop && !live.starting);
    if (!isRequested) return scheduleErrors.resultUnasked.refusal({ id: step.key.id });
    step.emit(stopConfirmed, { stop, ended });
    startNext(schedule, step);
    return {};
  },
};

/** A message. A message about a detached run is ignored. */
export const reportRunEnd: ScheduleCommand<ReportRunEnd, ScheduleDone> = {
  type: "report_run_end",
  codec: ReportRunEnd,
  reply: ScheduleDone,
  decide(schedule, { runId, status, message }, step) {
    const firing = schedule.byRun.get(runId);
    if (firing === undefined || !schedule.live.has(firing)) return {};
    step.emit(runEndNoted, { firing, status });
    const isFailed = status === WorkStatus.WORK_STATUS_FAILED;
    if (isFailed && schedule.plan.pauseOnFailure && schedule.status === "active")
      step.emit(schedulePaused, {
        reason: PauseReason.PAUSE_REASON_FAILURE,
        note: `run ${runId} failed: ${message.slice(0, messageLengthMax)}`,
        pauseMs: step.nowMs,
      });
    startNext(schedule, step);
    return {};
  },
};

const messageLengthMax = 1_000;

/** Returns the firing whose start the step settles. */
function startOf(schedule: ScheduleView, { settles }: ScheduleStep): ReadOnly<LiveFiring> | undefined {
  const live = settles === undefined ? undefined : schedule.live.get(settles.number);
  return live?.starting === true ? live : undefined;
}
