import type { PastFiring, SchedulePlan } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { notThere } from "../refusals.ts";
import { type Schedule, timingOf } from "../state.ts";
import { previewTimes } from "../timing/timing.ts";

/** State of a schedule. */
export interface ScheduleFacts {
  readonly plan: ReadOnly<SchedulePlan>;
  readonly paused: boolean;
  readonly note: string;
  readonly revision: number;
  readonly createMs: number;
  readonly updateMs: number;
  /** Times of its next runs, before jitter. None while it is paused. */
  readonly nextMs: readonly number[];
  /** Newest first. */
  readonly recent: readonly ReadOnly<PastFiring>[];
  readonly liveRunIds: readonly string[];
  /** Its runs whose start is requested and not confirmed yet. */
  readonly startingRunIds: readonly string[];
  readonly waitingCount: number;
  readonly startedCount: number;
  readonly skippedCount: number;
}

const nextTimesMax = 10;
const liveListedMax = 100;

export const facts: Query<Schedule, void, ScheduleFacts> = {
  type: "facts",
  answer(schedule, _, { key, nowMs }) {
    const { status, plan, note, revision, createMs, updateMs, startedCount, skippedCount } = schedule;
    const paused = status === "paused";
    return (
      notThere(schedule, key.id) ?? {
        plan,
        paused,
        note,
        revision,
        createMs,
        updateMs,
        nextMs: paused ? [] : previewTimes(timingOf(schedule), nowMs, nextTimesMax),
        recent: schedule.recent.toReversed(),
        liveRunIds: [...schedule.live.values()].slice(0, liveListedMax).map(({ runId }) => runId),
        startingRunIds: [...schedule.live.values()].flatMap(({ starting, runId }) =>
          starting ? [runId] : [],
        ),
        waitingCount: schedule.waiting.size,
        startedCount,
        skippedCount,
      }
    );
  },
};
