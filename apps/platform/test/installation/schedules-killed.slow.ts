import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FiringResult } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { connect } from "@tutti/sdk/client";
import { startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const tick = 'workflow: tick\ntasks: {note: {set: "${{ 1 }}"}}\n';
const everyMs = 1_000;

describe("a schedule whose process is killed with -9", () => {
  it("starts what was due meanwhile when it is back, each time once, and misses what is older than its window", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const tutti = await connect({ address });
    try {
      await tutti.register(tick);
      const makes = { everyMs, overlap: "allow" } as const;
      const caughtUp = await tutti.schedule("caught-up", "tick", { ...makes, catchUpMs: 600_000 });
      const late = await tutti.schedule("late", "tick", { ...makes, catchUpMs: 1 });
      await until("both have fired", async () =>
        (await Promise.all([caughtUp.get(), late.get()])).every(({ startedCount }) => startedCount > 0),
      );
      await platform.kill();
      const deadFromMs = Date.now();
      // Times come while nobody is there.
      await until("three have come", async () => Date.now() > deadFromMs + 3.5 * everyMs);
      platform = await startAt(folder.path, address);
      const deadToMs = Date.now();
      await until("the clock is caught up with", async () => {
        const { recentFirings } = await caughtUp.get();
        const last = recentFirings[0]?.dueTime;
        return last !== undefined && fromTimestamp(last) > deadToMs;
      });
      await caughtUp.pause("seen enough");
      await late.pause("seen enough");

      const { startedCount } = await caughtUp.get();
      const startedBy = async (id: string) => {
        const found: number[] = [];
        for await (const { runId } of tutti.list({ definition: "tick" }))
          if (runId.startsWith(`${id}-`)) found.push(timeIn(runId));
        return found;
      };
      // Lists are a moment behind what they list.
      const times = await until(
        "all that was started is listed",
        () => startedBy("caught-up"),
        ({ length }) => length >= startedCount,
      );
      times.sort((a, b) => a - b);
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      assert.deepEqual(
        gaps,
        gaps.map(() => everyMs),
        "no time is lost, none comes twice",
      );
      assert.ok(times.filter((time) => time > deadFromMs && time < deadToMs).length >= 3);
      assert.equal(startedCount, times.length);

      const { recentFirings } = await late.get();
      const tooLate = (await startedBy("late")).filter(
        (time) => time > deadFromMs && time < deadFromMs + 3 * everyMs,
      );
      assert.deepEqual(tooLate, []);
      assert.ok(recentFirings.some(({ result }) => result === FiringResult.FIRING_RESULT_MISSED));
    } finally {
      await tutti.close();
      await platform[Symbol.asyncDispose]();
    }
  });
});

/** The time that a run was started for, which its id tells: 20260329T013000Z, with milliseconds where there are any. */
function timeIn(runId: string): number {
  const told = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z$/.exec(runId);
  assert.ok(told !== null, runId);
  const [, year, month, day, hour, minute, second] = told;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
