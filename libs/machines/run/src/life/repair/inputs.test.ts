import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { SignalRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { encodeJson, parsed } from "@tutti/machine-work";
import { statusOf } from "../../core/state/state.ts";
import { RunScene } from "../../testing/index.ts";
import { signalRun } from "../results/signals.ts";
import { retryRun } from "./commands.ts";

const chain = `workflow: chain
tasks:
  pay: {uses: t.pay, with: {amount: 0}}
  ship: {uses: t.ship, needs: [pay], with: "\${{ tasks.pay.output }}"}
  child: {workflow: other, needs: [ship]}
  list: {forEach: "\${{ [1, 2] }}", uses: t.each, needs: [child]}
output: "\${{ tasks.ship.output }}"
`;

function change(scene: RunScene, taskId: string, input: unknown) {
  const body = { taskIds: [taskId], reason: "typo", inputs: [{ taskId, input: encodeJson(input as never) }] };
  return scene.driver.execute(scene.key, retryRun, body);
}

const inputOf = (scene: RunScene, task: string) => parsed(scene.offer(task).effect.input as Uint8Array);
const statusAt = (scene: RunScene, node: number) => scene.state.nodes[node]?.status;

describe("the input of a task that a person changes", () => {
  it("is used by the next attempt after the run failed, and by later retries", () => {
    const scene = RunScene.of(chain);
    assert.deepEqual(inputOf(scene, "pay"), { amount: 0 });
    scene.fail("pay");
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    change(scene, "pay", { amount: 5 });
    assert.deepEqual(inputOf(scene, "pay"), { amount: 5 });
    scene.fail("pay");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(inputOf(scene, "pay"), { amount: 5 });
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual(restored.nodes[0]?.more?.setInput, encodeJson({ amount: 5 }));
  });

  it("has tasks that rest on it run again, and no other task", () => {
    const scene = RunScene.of(`${chain.replace("output:", "  beside: {uses: t.beside}\noutput:")}`);
    scene.complete("pay", 1);
    assert.deepEqual(scene.offered.toSorted(), ["beside", "ship"]);
    change(scene, "pay", { amount: 7 });
    assert.deepEqual(scene.offered.toSorted(), ["beside", "pay"], "the attempt of `ship` is withdrawn");
    scene.complete("pay", 2);
    assert.equal(inputOf(scene, "ship"), 2);
    assert.equal(scene.offer("beside").effect.attempt, 1);
  });

  it("waits for the start of a task that has not started, also of a child", () => {
    const scene = RunScene.of(chain);
    change(scene, "ship", null);
    change(scene, "child", "given");
    scene.complete("pay", 3);
    assert.equal(inputOf(scene, "ship"), null);
    scene.complete("ship", 4);
    const queued = scene.state.nodes[2];
    assert.equal(statusAt(scene, 2), TaskStatus.TASK_STATUS_QUEUED);
    assert.equal(parsed(queued?.input as Uint8Array), "given");
  });

  it("is refused for tasks without an input of their own, and of completed runs", () => {
    const scene = RunScene.of(`workflow: w
tasks: {a: {uses: t.a}, list: {forEach: "\${{ [1] }}", uses: t.b}, ready: {wait: {signal: go}}}
`);
    for (const task of ["list", "list[0]", "ready", "none"])
      assert.ok(isRefusal(change(scene, task, 1)), task);
    scene.complete("a");
    scene.complete("list[0]");
    scene.driver.execute(scene.key, signalRun, SignalRun.fromPartial({ signal: "go" }));
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_COMPLETED);
    assert.ok(isRefusal(change(scene, "a", 1)));
  });
});
