import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ResetRun, RunOrder, WithdrawRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { statusOf } from "../../core/state/state.ts";
import { beginRun, withdrawRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { showRun } from "../../life/queries/run.ts";
import { showTasks } from "../../life/queries/tasks.ts";
import { resetRun, retryRun } from "../../life/repair/commands.ts";
import { RunScene } from "../../testing/index.ts";

const text = "workflow: child\ntasks: {a: {uses: x}}\n";
const parent = { namespace: "default", kind: "run", id: "parent", task: "sub" };
const request = { definition: "child", parent, reason: "sub of parent was stopped" };

const start = (scene: RunScene, from = parent) => scene.start(text, { parent: from });

function withdraw(scene: RunScene, more: Parameters<typeof WithdrawRun.fromPartial>[0] = {}) {
  return scene.driver.execute(scene.key, withdrawRun, WithdrawRun.fromPartial({ ...request, ...more }));
}

describe("a child that is withdrawn while its start is in progress", () => {
  it("never starts if the withdrawal arrives before the start", () => {
    const scene = new RunScene();
    withdraw(scene);
    assert.deepEqual(start(scene), { existed: true, status: WorkStatus.WORK_STATUS_CANCELLED });
    assert.deepEqual(scene.offered, []);
    assert.deepEqual(scene.events, ["run_withdrawn"]);
    assert.equal(scene.state.error?.code, "workflow.withdrawn");
    withdraw(scene);
    assert.equal(scene.events.length, 1, "told twice it is the same");
  });

  it("ends if the start arrives before the withdrawal", () => {
    const scene = new RunScene();
    start(scene);
    withdraw(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_CANCELLED);
    const forced = new RunScene();
    start(forced);
    withdraw(forced, { terminate: true });
    assert.equal(statusOf(forced.state), WorkStatus.WORK_STATUS_TERMINATED);
  });

  it("is not the run of another parent under its id", () => {
    const scene = new RunScene();
    scene.start(text);
    withdraw(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_RUNNING);
    const other = new RunScene();
    withdraw(other);
    const order = RunOrder.fromPartial({ hash: other.definitions.add(text), requestHash: Uint8Array.of(1) });
    const refused = other.driver.execute(other.key, beginRun, { order });
    assert.ok(isRefusal(refused) && refused.code === "workflow.run_conflict");
  });

  it("appears in queries, and cannot be retried or reset", () => {
    const scene = new RunScene();
    withdraw(scene);
    const run = scene.driver.query(scene.key, showRun, { withPayloads: true });
    assert.ok(!isRefusal(run));
    assert.deepEqual([run.status, run.parent?.id], [WorkStatus.WORK_STATUS_CANCELLED, "parent"]);
    assert.ok(!isRefusal(scene.driver.query(scene.key, explain, { taskId: "" })));
    const tasks = scene.driver.query(scene.key, showTasks, {
      parentTaskId: "",
      topOnly: false,
      statuses: [],
      text: "",
      withPayloads: false,
      after: "",
      size: 10,
    } as never);
    assert.ok(!isRefusal(tasks));
    const snapshot = scene.machine.snapshots.encode(scene.state);
    const refusals = [
      scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] }),
      scene.driver.execute(scene.key, resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot })),
    ];
    for (const each of refusals) assert.ok(isRefusal(each) && each.code === "workflow.nothing_to_retry");
  });
});
