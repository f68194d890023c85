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
const given = { definition: "child", parent, reason: "sub of parent was stopped" };

const begin = (scene: RunScene, from = parent) => scene.begin(text, { parent: from });

function giveUp(scene: RunScene, more: Parameters<typeof WithdrawRun.fromPartial>[0] = {}) {
  return scene.driver.execute(scene.key, withdrawRun, WithdrawRun.fromPartial({ ...given, ...more }));
}

describe("a child that is given up while its start is under way", () => {
  it("never starts if the message comes before the start", () => {
    const scene = new RunScene();
    giveUp(scene);
    assert.deepEqual(begin(scene), { existed: true, status: WorkStatus.WORK_STATUS_CANCELLED });
    assert.deepEqual(scene.offered, []);
    assert.deepEqual(scene.events, ["run_withdrawn"]);
    assert.equal(scene.state.error?.code, "workflow.withdrawn");
    giveUp(scene);
    assert.equal(scene.events.length, 1, "told twice it is the same");
  });

  it("ends where the start comes before the letter", () => {
    const scene = new RunScene();
    begin(scene);
    giveUp(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_CANCELLED);
    const forced = new RunScene();
    begin(forced);
    giveUp(forced, { terminate: true });
    assert.equal(statusOf(forced.state), WorkStatus.WORK_STATUS_TERMINATED);
  });

  it("is not the run of another parent under its id", () => {
    const scene = new RunScene();
    scene.begin(text);
    giveUp(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_RUNNING);
    const other = new RunScene();
    giveUp(other);
    const order = RunOrder.fromPartial({ hash: other.definitions.add(text), requestHash: Uint8Array.of(1) });
    const refused = other.driver.execute(other.key, beginRun, { order });
    assert.ok(isRefusal(refused) && refused.code === "workflow.run_conflict");
  });

  it("is shown, and neither retried nor reset", () => {
    const scene = new RunScene();
    giveUp(scene);
    const shown = scene.driver.query(scene.key, showRun, { withPayloads: true });
    assert.ok(!isRefusal(shown));
    assert.deepEqual([shown.status, shown.parent?.id], [WorkStatus.WORK_STATUS_CANCELLED, "parent"]);
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
    const told = [
      scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] }),
      scene.driver.execute(scene.key, resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot })),
    ];
    for (const each of told) assert.ok(isRefusal(each) && each.code === "workflow.nothing_to_retry");
  });
});
