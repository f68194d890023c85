/** Snapshots of a schedule. */
import { ScheduleSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { newSchedule, type Schedule, type ScheduleView } from "./state.ts";

const newest = 1;

export const scheduleSnapshots: SnapshotCodec<Schedule> = {
  version: newest,
  encode: (schedule) => ScheduleSnapshotV1.encode(snapshotOf(schedule)).finish(),
  decode(bytes, version) {
    if (version === newest) return scheduleOf(ScheduleSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "schedule", version, newest });
  },
};

/** States by their numbers in the snapshot. */
const statuses = ["absent", "active", "paused", "removed"] as const;

export function snapshotOf(view: ScheduleView): ScheduleSnapshotV1 {
  // The cast is safe: the value is encoded, or displayed as JSON.
  const schedule = view as Schedule;
  const { plan, note, revision, createMs, updateMs, nominalMs, dueMs, lastNumber } = schedule;
  return {
    standing: statuses.indexOf(schedule.status),
    plan,
    note,
    revision,
    createMs,
    updateMs,
    next: { nominalMs, dueMs },
    lastNumber,
    startedCount: schedule.startedCount,
    skippedCount: schedule.skippedCount,
    countedRuns: schedule.countedRuns,
    waiting: [...schedule.waiting.values()],
    live: [...schedule.live.values()],
    recent: schedule.recent,
    former: [...schedule.former].map(([former, run]) => ({ revision: former, run })),
  };
}

function scheduleOf(snapshot: ScheduleSnapshotV1): Schedule {
  const { note, revision, createMs, updateMs, lastNumber, startedCount, skippedCount, countedRuns } =
    snapshot;
  const schedule = newSchedule();
  Object.assign(schedule, { note, revision, createMs, updateMs, lastNumber });
  Object.assign(schedule, { startedCount, skippedCount, countedRuns });
  schedule.status = statuses[snapshot.standing] ?? "absent";
  if (snapshot.plan !== undefined) schedule.plan = snapshot.plan;
  schedule.nominalMs = snapshot.next?.nominalMs ?? 0;
  schedule.dueMs = snapshot.next?.dueMs ?? 0;
  for (const waiting of snapshot.waiting) schedule.waiting.set(waiting.firing, waiting);
  for (const live of snapshot.live) schedule.live.set(live.firing, live);
  for (const { firing, runId } of [...snapshot.waiting, ...snapshot.live]) schedule.byRun.set(runId, firing);
  schedule.recent.push(...snapshot.recent);
  for (const { revision: former, run } of snapshot.former) schedule.former.set(former, run);
  return schedule;
}
