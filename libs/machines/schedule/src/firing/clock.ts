/**
 * The next time by the clock, and the action at that time.
 *
 * 1. Times fire in their order, each once: a time that has fired, was missed, or passed while the schedule was paused
 *    never fires again.
 * 2. A time that is noticed late, because the process was down, fires within the catch-up window. Older ones are
 *    missed, and recorded as missed.
 * 3. A step fires at most a hundred times. The timer is then due again immediately.
 */
import { FiringOrigin, type NextTime, Overlap } from "@tutti/contracts/workflow/v1";
import { catchUpDefaultMs, missedCountMax, recentMax, timesPerStepMax } from "../limits.ts";
import { type ScheduleStep, type ScheduleView, timingOf } from "../state.ts";
import { type Calendar, calendarOf } from "../timing/timing.ts";
import { act } from "./act.ts";
import { scheduleAdvanced, timesMissed } from "./events.ts";

/** Returns the first time after a moment. */
export function nextTime(calendar: Calendar, afterMs: number): NextTime {
  const ahead = calendar.nextAfter(afterMs);
  switch (ahead.kind) {
    case "time":
      return { nominalMs: ahead.nominalMs, dueMs: ahead.nominalMs + calendar.jitterMsOf(ahead.nominalMs) };
    case "unknown":
      return { nominalMs: 0, dueMs: ahead.searchedMs };
    case "none":
      return { nominalMs: 0, dueMs: 0 };
  }
}

/** Handles the timer. */
export function advance(schedule: ScheduleView, step: ScheduleStep): void {
  const calendar = calendarOf(timingOf(schedule), step.key.id);
  const { nowMs } = step;
  const oldestMs = nowMs - (schedule.plan.catchUpMs || catchUpDefaultMs);
  let next: NextTime = { nominalMs: schedule.nominalMs, dueMs: schedule.dueMs };
  if (isDue(next, oldestMs)) next = miss(calendar, next, oldestMs, step);
  for (let acted = 0; acted < timesPerStepMax && isDue(next, nowMs); acted++) {
    if (next.nominalMs > 0) {
      const time = { nominalMs: next.nominalMs, origin: FiringOrigin.FIRING_ORIGIN_TIME };
      act(schedule, time, schedule.plan.overlap || Overlap.OVERLAP_SKIP, step);
      if (schedule.status !== "active") return;
    }
    next = nextTime(calendar, next.nominalMs || next.dueMs);
  }
  step.emit(scheduleAdvanced, { next });
}

function isDue({ dueMs }: NextTime, untilMs: number): boolean {
  return dueMs > 0 && dueMs <= untilMs;
}

/** Skips times that are too late, and records them: the latest one by one, the earlier ones together. */
function miss(calendar: Calendar, first: NextTime, oldestMs: number, step: ScheduleStep): NextTime {
  const latest: number[] = [];
  let [count, firstMs, lastMs] = [0, 0, 0];
  let next = first;
  let searches = 0;
  while (isDue(next, oldestMs - 1) && count + latest.length < missedCountMax && searches < missedCountMax) {
    if (next.nominalMs > 0) latest.push(next.nominalMs);
    else searches++;
    if (latest.length > recentMax) {
      lastMs = latest.shift() ?? 0;
      firstMs = firstMs || lastMs;
      count++;
    }
    next = nextTime(calendar, next.nominalMs || next.dueMs);
  }
  const more = isDue(next, oldestMs - 1);
  if (more) next = nextTime(calendar, oldestMs - 1);
  const fireMs = step.nowMs;
  if (count > 0) step.emit(timesMissed, { firstMs, lastMs, count, more: false, fireMs });
  for (const [index, nominalMs] of latest.entries()) {
    const isLast = index === latest.length - 1;
    step.emit(timesMissed, { firstMs: nominalMs, lastMs: nominalMs, count: 1, more: more && isLast, fireMs });
  }
  return next;
}
