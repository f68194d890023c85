import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTuttiError } from "@tutti/kernel";
import { absent, delayed, testWorkflow } from "./index.ts";

const report = `workflow: report
tasks: {write: {uses: report.write, with: "\${{ input }}"}}
output: "\${{ tasks.write.output }}"
`;
const dayMs = 86_400_000;

describe("schedules in a test", () => {
  it("run a year of nights at once, across clock changes", async () => {
    const test = testWorkflow<unknown, string>(report, {
      handlers: { "report.write": async (day: unknown) => `report of ${day}` },
    });
    const nightly = test.schedule("nightly", { cron: "30 2 * * *", timeZone: "Europe/Zurich", input: 1 });
    await nightly.skip("365d");
    const { runs } = nightly;
    assert.equal(runs.length, 365);
    assert.ok(runs.every((run) => run.status === "completed"));
    assert.equal(await runs[0]?.result(), "report of 1");
    const starts = test.calls("report.write").map(({ time }) => time.toISOString().slice(5, 16));
    // Half past two is missing on the 29th of March: it is done after the gap.
    assert.deepEqual(
      starts.filter((time) => /^(03-2[89]|03-30|10-2[456])/.test(time)),
      ["03-28T01:30", "03-29T01:00", "03-30T00:30", "10-24T00:30", "10-25T00:30", "10-26T01:30"],
    );
  });

  it("skip times if the previous run has not ended, or end that run, as configured", async () => {
    const handlers = { "report.write": delayed("90m") };
    const skipping = testWorkflow(report, { handlers }).schedule("hourly", { every: "1h" });
    await skipping.skip("1d");
    assert.deepEqual([skipping.runs.length, skipping.skipped], [12, 12]);
    const cancelling = testWorkflow(report, { handlers }).schedule("hourly", {
      ...{ every: "1h", overlap: "cancelOther" },
    });
    await cancelling.skip("6h");
    assert.deepEqual(
      cancelling.runs.map(({ status }) => status),
      [...new Array<string>(5).fill("cancelled"), "running"],
    );
  });

  it("are triggered, paused and resumed", async () => {
    const test = testWorkflow(report, { handlers: { "report.write": () => 1 } });
    const weekly = test.schedule("weekly", { cron: "@weekly" });
    await weekly.trigger();
    weekly.pause("holidays");
    assert.deepEqual([weekly.paused, weekly.nextTimes.length], [true, 0]);
    await weekly.skip("28d");
    assert.equal(weekly.runs.length, 1);
    weekly.resume();
    const [next] = weekly.nextTimes;
    assert.ok(next !== undefined && next.getTime() - test.now.getTime() <= 7 * dayMs);
    await weekly.skip("7d");
    assert.equal(weekly.runs.length, 2);
  });

  it("name the invalid field", () => {
    const test = testWorkflow(report, { handlers: {} });
    assert.throws(
      () => test.schedule("wrong", { cron: "61 * * * *" }),
      (error) => isTuttiError(error) && /61/.test(error.message),
    );
  });
});

describe("a capability without a worker in a test", () => {
  it("keeps a task queued until its queue timeout", async () => {
    const text =
      "workflow: w\ntasks: {a: {uses: nobody.does, timeout: {queue: 2h}}, b: {uses: nobody.does}}\n";
    const test = testWorkflow(text, { handlers: { "nobody.does": absent() } });
    const run = await test.start();
    await run.skip("1h");
    assert.deepEqual([run.task("a").status, run.task("b").status], ["queued", "queued"]);
    await run.skip("1h");
    assert.equal(run.task("a").status, "failed");
    assert.equal(run.task("a").error?.code, "offer.timed_out");
    assert.equal(run.task("b").status, "queued");
    run.cancel();
    assert.equal((await run.failure())?.code, "workflow.cancelled");
    assert.deepEqual(test.calls(), []);
  });
});
