/** Schedules that catch up after downtime, that skip missed times, and that are paused. */
import assert from "node:assert/strict";
import { FiringResult } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const tick = 'workflow: crash-tick\ntasks: {note: {set: "${{ 1 }}"}}\n';
const everyMs = 1_000;

export function schedules({ tutti, downTimes }: Stage): LoadPart {
  const get = (id: string) => retryUntilDone(() => tutti.schedules.get(id).get());
  let stopped = 0;

  async function dueTimesOf(id: string): Promise<number[]> {
    const found: number[] = [];
    for await (const { runId } of tutti.runs.list({ definition: "crash-tick" }))
      if (runId.startsWith(`${id}-`)) found.push(timeIn(runId));
    return found.sort((one, other) => one - other);
  }

  return {
    async prepare() {
      await retryUntilDone(() => tutti.workflows.register(tick));
      const timing = { everyMs, overlap: "allow" } as const;
      await retryUntilDone(() =>
        tutti.schedules.create("caught-up", "crash-tick", { ...timing, catchUpMs: 600_000 }),
      );
      await retryUntilDone(() => tutti.schedules.create("late", "crash-tick", { ...timing, catchUpMs: 1 }));
      await retryUntilDone(() => tutti.schedules.create("paused", "crash-tick", timing));
      await retryUntilDone(() => tutti.schedules.get("paused").pause("not now"));
      stopped = (await get("paused")).startedCount;
      await until("both to have started runs", async () =>
        (await Promise.all([get("caught-up"), get("late")])).every(({ startedCount }) => startedCount > 0),
      );
    },
    async round() {
      const { startedCount: before } = await get("caught-up");
      await until("the schedule to continue", async () => (await get("caught-up")).startedCount > before);
    },
    async finish() {
      const nowMs = Date.now();
      await until("the schedule to have caught up", async () => {
        const last = (await get("caught-up")).recentFirings[0]?.dueTime;
        return last !== undefined && fromTimestamp(last) > nowMs;
      });
      for (const id of ["caught-up", "late"])
        await retryUntilDone(() => tutti.schedules.get(id).pause("seen enough"));
    },
    always: {
      "schedules: a paused one stays so, and starts nothing": async () => {
        const { paused, note, startedCount } = await get("paused");
        assert.deepEqual([paused, note, startedCount], [true, "not now", stopped]);
      },
    },
    atEnd: {
      "schedules: each due moment starts one run": async () => {
        const { startedCount } = await get("caught-up");
        const times = await until(
          "all runs to be listed",
          () => dueTimesOf("caught-up"),
          ({ length }) => length >= startedCount,
        );
        const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
        assert.deepEqual(
          gaps,
          gaps.map(() => everyMs),
        );
        assert.equal(times.length, startedCount);
      },
      "schedules: what is older than the window is missed, and recorded so": async () => {
        const times = await dueTimesOf("late");
        for (const { fromMs, toMs } of downTimes)
          assert.deepEqual(
            times.filter((time) => time > fromMs && time < toMs),
            [],
          );
        if (!downTimes.some(({ fromMs, toMs }) => toMs - fromMs > 2 * everyMs)) return;
        const { skippedCount, recentFirings } = await get("late");
        assert.ok(
          skippedCount > 0 ||
            recentFirings.some(({ result }) => result === FiringResult.FIRING_RESULT_MISSED),
        );
      },
    },
  };
}

/**
 * Returns the time in the id of a scheduled run: 20260329T013000Z, with milliseconds if there are any.
 */
function timeIn(runId: string): number {
  const [, year, month, day, hour, minute, second] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z$/.exec(runId) ?? assert.fail(runId);
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
