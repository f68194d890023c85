import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import { Overlap } from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const stuck = `workflow: stuck
tasks:
  lost: {uses: nobody.does}
  after: {needs: [lost], set: {got: "\${{ tasks.lost.output }}"}}
output: "\${{ tasks.after.output }}"
`;
const asking = `workflow: asking
tasks: {sure: {approve: {title: sure?}}}
`;

describe("a client on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    for (const text of [stuck, asking]) await tutti.workflows.register(text);
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("lists schedules, and changes single fields of a schedule", async () => {
    const nightly = await tutti.schedules.create("nightly", "stuck", {
      ...{ cron: "30 2 * * *", timeZone: "Europe/Zurich", catchUpMs: 5_000, input: 1 },
    });
    await tutti.schedules.create("hourly", "asking", { everyMs: 3_600_000 });
    const changed = await nightly.update(
      { cron: "0 4 * * *", overlap: "queueOne", description: "later" },
      "it is quieter then",
    );
    assert.deepEqual(changed.timing?.rules, [{ rule: { $case: "cron", value: "0 4 * * *" } }]);
    assert.deepEqual(
      [changed.timing?.timeZone, changed.policy?.overlap, changed.policy?.catchUpMs, changed.description],
      ["Europe/Zurich", Overlap.OVERLAP_QUEUE_ONE, 5_000, "later"],
    );
    await nightly.update({ run: { definition: "asking" } });
    const what = (await nightly.get()).run?.what;
    assert.equal(what?.$case === "definition" && what.value.name, "asking");
    const listed = async (options?: Parameters<Tutti["schedules"]["list"]>[0]) => {
      const ids: string[] = [];
      for await (const { scheduleId } of tutti.schedules.list(options)) ids.push(scheduleId);
      return ids.sort();
    };
    await until("both schedules to be listed", async () => (await listed()).length >= 2);
    await nightly.pause("for now");
    await until("the paused schedule to be listed", async () => (await listed({ paused: true })).length >= 1);
    assert.deepEqual(await listed({ paused: true }), ["nightly"]);
  });

  it("resolves a task by hand, or skips it", async () => {
    const mended = await tutti.run("stuck", { id: "mended" });
    await mended.repair("lost", { output: 7 }, "known from elsewhere");
    assert.deepEqual(await mended.result(), { got: 7 });
    const failed = await tutti.run("stuck", { id: "failed" });
    await failed.repair("lost", { error: { code: "shop.closed", message: "for ever" } }, "so it is");
    await assert.rejects(failed.result(), { code: "shop.closed" });
    const skipped = await tutti.run("stuck", { id: "skipped" });
    await skipped.repair("lost", { skip: "withDependents" }, "not needed");
    await skipped.result().catch(() => {});
    assert.deepEqual(
      (await skipped.tasks()).map(({ status }) => status),
      [TaskStatus.TASK_STATUS_SKIPPED, TaskStatus.TASK_STATUS_SKIPPED],
    );
  });

  it("changes labels and priority", async () => {
    const run = await tutti.run("stuck", { id: "labelled", labels: { a: "1", b: "2" } });
    await run.label({ labels: { a: "3" }, removed: ["b"], priority: 4 });
    const { spec } = await run.get();
    assert.deepEqual([spec?.labels, spec?.priority], [{ a: "3" }, 4]);
  });

  it("returns the graph of a definition: nodes, critical path, width and depth", async () => {
    const { nodes, criticalPath, width, depth } = await tutti.workflows.graph("stuck");
    assert.deepEqual(
      nodes.map(({ taskId }) => taskId),
      ["lost", "after"],
    );
    assert.deepEqual([criticalPath, width, depth], [["lost", "after"], 1, 2]);
  });

  it("watches an approval from its request to its decision", async () => {
    const run = await tutti.run("asking", { id: "asks" });
    const over = new AbortController();
    const verdicts: [string, Verdict][] = [];
    for await (const { title, verdict } of tutti.approvals.watch({ runId: "asks", signal: over.signal })) {
      verdicts.push([title, verdict]);
      if (verdict !== Verdict.VERDICT_UNSPECIFIED) break;
      await run.approve("sure");
    }
    over.abort();
    assert.deepEqual(verdicts, [
      ["sure?", Verdict.VERDICT_UNSPECIFIED],
      ["sure?", Verdict.VERDICT_APPROVED],
    ]);
  });
});
