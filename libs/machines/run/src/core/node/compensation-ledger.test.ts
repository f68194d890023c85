import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { RetryRun } from "@tutti/contracts/workflow/v1";
import { cancelRun } from "../../life/control/commands.ts";
import { retryRun } from "../../life/repair/commands.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { findNode } from "../state/places.ts";
import { statusOf } from "../state/state.ts";

const gated = (target: string, task: string) => `workflow: gated
tasks:
  ${target}: ${task}
  look: {uses: test.look, needs: [${target}]}
  good: {gate: {check: "tasks.look.output == 'good'", sendBack: ${target}, times: 2}}
  last: {uses: test.last, needs: [good]}
`;

const lone = gated("make", "{uses: test.make, compensate: {uses: test.unmake}}");

function undoes(scene: RunScene, task: string): unknown {
  const { effect } = scene.offer(task);
  return jsonOf(effect.input as Uint8Array);
}

function statusOfTask(scene: RunScene, task: string): TaskStatus | undefined {
  return scene.state.nodes[findNode(scene.state, task) ?? -1]?.status;
}

function retry(scene: RunScene): void {
  scene.driver.execute(scene.key, retryRun, RetryRun.fromPartial({ reason: "again" }));
}

describe("the effect of a task that is done again", () => {
  it("is compensated once, with its latest output, if the task completes again", () => {
    const scene = RunScene.of(lone);
    scene.complete("make", "first");
    scene.complete("look", "bad");
    scene.complete("make", "second");
    scene.complete("look", "good");
    scene.fail("last");
    assert.deepEqual(undoes(scene, "make"), { input: null, output: "second" });
    scene.complete("make");
    assert.deepEqual(scene.offered, [], "there is one effect of one id");
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    assert.equal(statusOfTask(scene, "make"), TaskStatus.TASK_STATUS_COMPENSATED);
  });

  it("is compensated if the second visit fails, and the task stays failed", () => {
    const scene = RunScene.of(lone);
    scene.complete("make", "first");
    scene.complete("look", "bad");
    scene.fail("make", "test.worse");
    assert.deepEqual(undoes(scene, "make"), { input: null, output: "first" });
    scene.complete("make");
    assert.equal(scene.state.error?.code, "test.worse");
    assert.equal(statusOfTask(scene, "make"), TaskStatus.TASK_STATUS_FAILED);
  });

  it("is compensated if the run is cancelled before the task has run again", () => {
    const scene = RunScene.of(lone);
    scene.complete("make", "first");
    scene.complete("look", "bad");
    scene.driver.execute(scene.key, cancelRun, { reason: "enough", noCompensate: false });
    assert.deepEqual(undoes(scene, "make"), { input: null, output: "first" });
    scene.fail("make", "test.stuck");
    assert.equal(scene.state.error?.details["not_compensated"], "make");
    assert.equal(statusOfTask(scene, "make"), TaskStatus.TASK_STATUS_CANCELLED);
  });

  it("is not compensated if the run is cancelled without compensation, even while it is compensating", () => {
    for (const isLate of [false, true]) {
      const scene = RunScene.of(lone);
      scene.complete("make", "first");
      if (isLate) scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
      scene.driver.execute(scene.key, cancelRun, { reason: "keep it", noCompensate: true });
      assert.deepEqual(scene.offered, []);
      assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_CANCELLED);
      assert.equal(statusOfTask(scene, "make"), TaskStatus.TASK_STATUS_COMPLETED);
    }
  });

  it("is compensated when the run fails again, if the first compensation failed", () => {
    const scene = RunScene.of(lone);
    scene.complete("make", "first");
    scene.complete("look", "bad");
    scene.fail("make");
    scene.fail("make", "test.stuck");
    retry(scene);
    scene.fail("make");
    assert.deepEqual(undoes(scene, "make"), { input: null, output: "first" });
  });

  it("survives a snapshot", () => {
    const scene = RunScene.of(lone);
    scene.complete("make", "first");
    scene.complete("look", "bad");
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual(restored.undo, [0]);
    assert.deepEqual(jsonOf(restored.nodes[0]?.more?.undo?.earlierEffect?.output as Uint8Array), "first");
  });

  it("is compensated per entry: repeated entries once, and entries that no longer exist with their own item", () => {
    const list =
      '{forEach: "${{ tasks.plan.output }}", uses: test.each, compensate: {uses: test.undo, with: ["${{ item }}", "${{ output }}"]}}';
    const text = gated("each", list)
      .replace("  each:", "  plan: {uses: test.plan}\n  each:")
      .replace("sendBack: each", "sendBack: plan");
    const scene = RunScene.of(text);
    scene.complete("plan", ["a", "b"]);
    scene.complete("each[0]", "one");
    scene.complete("each[1]", "two");
    scene.complete("look", "bad");
    scene.complete("plan", ["c"]);
    scene.complete("each[0]", "three");
    scene.complete("look", "good");
    scene.fail("last");
    assert.deepEqual(undoes(scene, "each[0]"), ["c", "three"]);
    scene.complete("each[0]");
    assert.deepEqual(undoes(scene, "each[1]"), ["b", "two"]);
    scene.complete("each[1]");
    assert.deepEqual(scene.offered, []);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
  });

  it("in rounds is compensated with the output of the previous round", () => {
    const rounds =
      '{loop: {max: 3, initial: 0, until: "round.number == 2", output: "${{ tasks.add.output }}", tasks: {add: {uses: test.add, compensate: {uses: test.undo, with: "${{ round.last }}"}}}}}';
    const scene = RunScene.of(gated("grow", rounds));
    for (const output of [1, 2]) scene.complete(`grow#${output}.add`, output);
    scene.complete("look", "bad");
    scene.complete("grow#1.add", 7);
    scene.fail("grow#2.add");
    assert.deepEqual(undoes(scene, "grow#1.add"), 0);
    scene.complete("grow#1.add");
    assert.deepEqual(undoes(scene, "grow#2.add"), 1);
  });
});

describe("a list whose entries were compensated", () => {
  it("is done again by a retry, with the entries that were", () => {
    const text = `workflow: sent
tasks:
  ship: {forEach: "\${{ input }}", uses: test.ship, compensate: {uses: test.unship}}
  last: {uses: test.last, needs: [ship]}
`;
    const scene = RunScene.of(text, { input: jsonBytes([1, 2]) });
    scene.complete("ship[0]", "a");
    scene.complete("ship[1]", "b");
    scene.fail("last");
    scene.complete("ship[1]");
    scene.fail("ship[0]", "test.stuck");
    retry(scene);
    assert.deepEqual(scene.offered, ["ship[1]"], "what could not be undone is there still");
    scene.complete("ship[1]", "c");
    assert.deepEqual(scene.offered, ["last"]);
  });
});
