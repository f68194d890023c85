/**
 * Fires a time: a run is started, waits, replaces another one, or the time is skipped.
 *
 * 1. The id of a run consists of the schedule and the time. So a time that fires twice, by a backfill or after a crash,
 *    starts nothing twice.
 * 2. Nothing waits while no run is live, except firings by the clock while the schedule is paused.
 * 3. Waiting runs start in their order, each when all before it have ended.
 */
import { FiringOrigin, Overlap, PauseReason, SkipReason } from "@tutti/contracts/workflow/v1";
import { counted, stableHash } from "@tutti/kernel";
import { schedulePaused } from "../life/events.ts";
import { liveMax, waitingMax } from "../limits.ts";
import { nextNumber, type ScheduleStep, type ScheduleView } from "../state.ts";
import { firingQueued, firingSkipped, firingStarted, stopRequested } from "./events.ts";

export interface ScheduledTime {
  readonly nominalMs: number;
  readonly origin: FiringOrigin;
}

export function act(schedule: ScheduleView, time: ScheduledTime, overlap: Overlap, step: ScheduleStep): void {
  const runId = runIdOf(schedule, time, step);
  if (schedule.byRun.has(runId)) {
    skip(time, SkipReason.SKIP_REASON_TWICE, step);
    return;
  }
  if (schedule.live.size === 0) {
    start(schedule, nextNumber(schedule), time, runId, step);
    return;
  }
  switch (overlap) {
    case Overlap.OVERLAP_ALLOW:
      if (schedule.live.size >= liveMax) skip(time, SkipReason.SKIP_REASON_FULL, step);
      else start(schedule, nextNumber(schedule), time, runId, step);
      return;
    case Overlap.OVERLAP_QUEUE_ONE:
      if (schedule.waiting.size > 0) skip(time, SkipReason.SKIP_REASON_REPLACED, step);
      else queue(schedule, time, runId, false, step);
      return;
    case Overlap.OVERLAP_QUEUE_ALL:
      if (schedule.waiting.size >= waitingMax) skip(time, SkipReason.SKIP_REASON_FULL, step);
      else queue(schedule, time, runId, false, step);
      return;
    case Overlap.OVERLAP_CANCEL_OTHER:
    case Overlap.OVERLAP_TERMINATE_OTHER:
      replaceLive(schedule, overlap === Overlap.OVERLAP_TERMINATE_OTHER, step);
      if (schedule.waiting.size >= waitingMax) skip(time, SkipReason.SKIP_REASON_FULL, step);
      else queue(schedule, time, runId, true, step);
      return;
    default:
      skip(time, SkipReason.SKIP_REASON_OVERLAP, step);
  }
}

/** Starts the next waiting run after one has ended. */
export function startNext(schedule: ScheduleView, step: ScheduleStep): void {
  if (schedule.live.size > 0) return;
  for (const { firing, nominalMs, origin, runId } of schedule.waiting.values()) {
    // Firings by the clock wait until the schedule is resumed.
    if (schedule.status === "paused" && origin === FiringOrigin.FIRING_ORIGIN_TIME) continue;
    start(schedule, firing, { nominalMs, origin }, runId, step);
    return;
  }
}

function start(
  schedule: ScheduleView,
  firing: number,
  { nominalMs, origin }: ScheduledTime,
  runId: string,
  step: ScheduleStep,
): void {
  step.emit(firingStarted, { firing, nominalMs, fireMs: step.nowMs, origin, runId });
  countRun(schedule, step);
}

/** Counts a run that the clock started: it may have been the last one of the schedule. */
function countRun(schedule: ScheduleView, step: ScheduleStep): void {
  const { maxRuns } = schedule.plan;
  if (schedule.status !== "active" || maxRuns === 0 || schedule.countedRuns < maxRuns) return;
  step.emit(schedulePaused, {
    reason: PauseReason.PAUSE_REASON_MAX_RUNS,
    note: `started ${schedule.countedRuns} of ${counted(maxRuns, "run")}`,
    pauseMs: step.nowMs,
  });
}

function queue(
  schedule: ScheduleView,
  { nominalMs, origin }: ScheduledTime,
  runId: string,
  replaceable: boolean,
  step: ScheduleStep,
): void {
  const firing = nextNumber(schedule);
  step.emit(firingQueued, { firing, nominalMs, fireMs: step.nowMs, origin, runId, replaceable });
}

function skip({ nominalMs, origin }: ScheduledTime, reason: SkipReason, step: ScheduleStep): void {
  step.emit(firingSkipped, { firing: 0, nominalMs, fireMs: step.nowMs, origin, reason });
}

/** Requests the end of all live runs, and skips the runs that wait to replace them. */
function replaceLive(schedule: ScheduleView, terminate: boolean, step: ScheduleStep): void {
  for (const { firing, nominalMs, origin, replaceable } of [...schedule.waiting.values()]) {
    if (!replaceable) continue;
    const reason = SkipReason.SKIP_REASON_REPLACED;
    step.emit(firingSkipped, { firing, nominalMs, fireMs: step.nowMs, origin, reason });
  }
  for (const live of [...schedule.live.values()]) {
    if (live.stopping && (live.terminate || !terminate)) continue;
    step.emit(stopRequested, { stop: nextNumber(schedule), firing: live.firing, terminate });
  }
}

/** An id has at most 200 characters, including the id of the schedule. */
const idLengthMax = 150;

function runIdOf(
  schedule: ScheduleView,
  { nominalMs, origin }: ScheduledTime,
  { key }: ScheduleStep,
): string {
  const id =
    key.id.length <= idLengthMax
      ? key.id
      : `${key.id.slice(0, idLengthMax)}-${stableHash(key.id).toString(16)}`;
  // 20260329T013000Z, with milliseconds if they are not 0.
  const time = new Date(nominalMs).toISOString().replaceAll(/[-:]|\.000/g, "");
  if (origin !== FiringOrigin.FIRING_ORIGIN_TRIGGER) return `${id}-${time}`;
  return `${id}-trigger-${time}-${nextNumber(schedule)}`;
}
