import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LabelRun, ResetRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { RunScene } from "../../testing/index.ts";
import { resetRun, retryRun } from "../repair/commands.ts";
import { cancelRun, labelRun, removeRun, terminateRun } from "./commands.ts";

const text = "workflow: w\nretention: 1h\ntasks: {a: {uses: x}}\n";
const codeOf = (reply: unknown) => (isRefusal(reply) ? reply.code : "done");
const remove = (scene: RunScene) => codeOf(scene.driver.execute(scene.key, removeRun, { reason: "private" }));
const descriptionOf = ({ machine, state }: RunScene) => machine.describe(state);

describe("a run that is removed", () => {
  it("has to have ended", () => {
    const scene = RunScene.of(text);
    assert.equal(remove(scene), "workflow.run_goes_on");
    assert.equal(remove(new RunScene()), "workflow.run_missing");
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(remove(scene), "done");
    assert.equal(descriptionOf(scene).removedMs, scene.driver.nowMs);
    const events = scene.events.length;
    assert.equal(remove(scene), "done");
    assert.equal(scene.events.length, events, "once is enough");
  });

  it("cannot be retried, reset or relabelled", () => {
    const scene = RunScene.of(text);
    const snapshot = scene.machine.snapshots.encode(scene.state);
    scene.driver.execute(scene.key, terminateRun, { reason: "" });
    remove(scene);
    const { key, driver } = scene;
    const replies = [
      driver.execute(key, retryRun, { taskIds: [], reason: "", inputs: [] }),
      driver.execute(key, resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot })),
      driver.execute(key, labelRun, LabelRun.fromPartial({ labels: { a: "b" } })),
    ];
    assert.deepEqual(
      replies.map(codeOf),
      replies.map(() => "workflow.run_missing"),
    );
  });

  it("has the retention of its start, then of its definition, then the default", () => {
    assert.equal(descriptionOf(RunScene.of(text)).keepMs, 3_600_000);
    assert.equal(descriptionOf(RunScene.of(text, { retentionMs: 5_000 })).keepMs, 5_000);
    assert.equal(descriptionOf(RunScene.of("workflow: w\ntasks: {a: {uses: x}}\n")).keepMs, undefined);
  });
});
