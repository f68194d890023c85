/**
 * An agent becomes slow in the middle of a planned session. The plan gives the remaining tasks to the other agent, and
 * explains why.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

const usualMs = 100;
const slowMs = 2_000;

describe("a planned session with an agent that becomes slow", () => {
  it("is replanned, with the reason, and the other agent does most of the remaining tasks", async () => {
    await using installation = await Installation.open();
    const done: string[] = [];
    let isSlow = false;
    const workers = ["anna", "ben"].map((agentId) => {
      const worker = installation.worker({ agentId, slots: 1 });
      worker.handle("wall.paint", async () => {
        await installation.pass(agentId === "anna" && isSlow ? slowMs : usualMs);
        done.push(agentId);
        return agentId;
      });
      return worker;
    });
    for (const worker of workers) await worker.start();
    const tutti = await installation.client();
    try {
      const tasks = Array.from({ length: 40 }, (_, at) => ({
        ...{ id: `wall-${at}`, uses: "wall.paint", estimate: { timeMs: usualMs } },
      }));
      const session = await tutti.run({ tasks, mode: "intelligence" });
      await until("both have painted", () => new Set(done).size === 2 && done.length >= 6);
      isSlow = true;
      const before = done.length;
      const plan = await until(
        "a plan for that reason",
        () => session.plan(),
        // A task that takes too long may be noticed first. Only one of several reasons is reported.
        ({ reason }) => /anna has become slow|is late at anna/.test(reason),
      );
      assert.match(
        plan.reason,
        /anna has become slow: its last (task|\d tasks) took \d+\.\d times the expected duration|is late at anna: [\d.]+ m?s were expected/,
      );
      assert.ok(plan.number > 1, "it is not the first plan");
      await session.result();
      const late = done.slice(before);
      const byBen = late.filter((agent) => agent === "ben").length;
      assert.ok(byBen > late.length / 2, `ben did ${byBen} of the ${late.length} that were left`);
      const last = await session.plan();
      const { reason } = last;
      const first = await session.plan(1);
      assert.deepEqual([first.number, first.reason], [1, "it is the first plan"]);
      assert.equal(first.tasks.filter(({ plannedStartTime }) => plannedStartTime !== undefined).length, 40);
      assert.ok(
        first.tasks.every(({ endTime }) => endTime !== undefined),
        "an earlier plan has what came of it since",
      );
      const plannedEnd = ({ expectedEndTime }: typeof last) =>
        expectedEndTime && fromTimestamp(expectedEndTime);
      const known = await session.plan(plan.number);
      assert.ok((plannedEnd(known) ?? 0) > (plannedEnd(first) ?? 0), "it did not know of anna");
      await assert.rejects(session.plan(last.number + 1), { code: "session.plan_missing" });
      assert.ok(!reason.includes("first plan"), `a reason is reported once, found: ${reason}`);
    } finally {
      await tutti.close();
      for (const worker of workers) await worker.stop();
    }
  });
});
