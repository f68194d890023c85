import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { RepairTask } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import type { RunEffect } from "../../core/state/effects.ts";
import { statusOf } from "../../core/state/state.ts";
import { cancelRun, terminateRun } from "../../life/control/commands.ts";
import { showRun } from "../../life/queries/run.ts";
import { showTask } from "../../life/queries/tasks.ts";
import { repairTask } from "../../life/repair/commands.ts";
import { confirmChild, refuseChild } from "../../life/results/children.ts";
import { jsonBytes, RunScene } from "../../testing/index.ts";

const alone = "workflow: parent\ntasks:\n  sub: {workflow: order, parentClose: abandon}\n";

function startOf(scene: RunScene) {
  const found = scene.driver.effects.find(({ effect }) => (effect as RunEffect).kind === "start_child");
  assert.ok(found !== undefined, "a child is asked for");
  return found;
}

function confirm(scene: RunScene): void {
  const due = startOf(scene);
  const { childId: id } = due.effect as RunEffect & { readonly kind: "start_child" };
  scene.driver.settle(due, confirmChild, { id, hash: "h", existed: false, ending: undefined });
}

function refuse(scene: RunScene): void {
  const error = ErrorDetail.fromPartial({ code: "definition.missing", message: "none", retry: 1 });
  scene.driver.settle(startOf(scene), refuseChild, { error });
}

function statusOfTask(scene: RunScene, taskId: string): TaskStatus | undefined {
  const task = scene.driver.query(scene.key, showTask, { taskId });
  return isRefusal(task) ? undefined : task.status;
}

function reasonOf(scene: RunScene): string | undefined {
  const run = scene.driver.query(scene.key, showRun, { withPayloads: false });
  return isRefusal(run) ? undefined : run.statusReason;
}

const { WORK_STATUS_TERMINATED: terminated, WORK_STATUS_CANCELLING: cancelling } = WorkStatus;
const request = { reason: "at once", noCompensate: false };

describe("a detached child whose start is in progress", () => {
  it("starts, or is refused, before its parent is ended by force", () => {
    for (const answer of [confirm, refuse]) {
      const scene = RunScene.of(alone);
      scene.driver.execute(scene.key, terminateRun, request);
      assert.equal(statusOf(scene.state), cancelling);
      assert.match(reasonOf(scene) ?? "", /detached children/);
      answer(scene);
      assert.equal(statusOf(scene.state), terminated);
      assert.equal(scene.state.error?.code, "workflow.terminated");
      assert.deepEqual([scene.driver.effects, scene.driver.messages], [[], []]);
    }
  });

  it("does not delay a parent that is ended by force twice", () => {
    const scene = RunScene.of(alone);
    scene.driver.execute(scene.key, terminateRun, request);
    scene.driver.execute(scene.key, terminateRun, request);
    assert.equal(statusOf(scene.state), terminated);
    assert.deepEqual(scene.driver.effects, []);
  });

  it("starts if its parent was cancelled and then terminated, without compensation", () => {
    const scene = RunScene.of(`
workflow: parent
tasks:
  book: {uses: t.book, compensate: {uses: t.unbook}}
  sub: {workflow: order, parentClose: abandon}
`);
    scene.complete("book");
    scene.driver.execute(scene.key, cancelRun, request);
    assert.deepEqual(scene.offered, ["book"], "it is being undone");
    scene.driver.execute(scene.key, terminateRun, request);
    assert.deepEqual([scene.offered, statusOf(scene.state)], [[], cancelling]);
    confirm(scene);
    assert.equal(statusOf(scene.state), terminated);
    assert.equal(statusOfTask(scene, "book"), TaskStatus.TASK_STATUS_COMPLETED);
  });

  it("starts although the time of its task is over", () => {
    const scene = RunScene.of(`${alone.trimEnd().slice(0, -1)}, timeout: 5s}\n`);
    scene.driver.advance(5_000);
    assert.equal(statusOfTask(scene, "sub"), TaskStatus.TASK_STATUS_FAILED);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_RUNNING);
    confirm(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    assert.equal(scene.state.error?.code, "workflow.timed_out");
    assert.deepEqual(scene.events.slice(1), ["child_queued", "task_failed", "child_started", "run_failed"]);
  });

  it("is no longer requested after its start was refused", () => {
    const scene = RunScene.of(alone);
    refuse(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    assert.deepEqual(scene.driver.effects, []);
  });

  it("starts although its task is repaired manually, and the compensation of the task waits for the start", () => {
    const scene = RunScene.of(`
workflow: parent
tasks:
  sub: {workflow: order, parentClose: abandon, compensate: {uses: t.undo}}
  work: {uses: t.work, needs: [sub]}
`);
    const output = { body: { $case: "inline" as const, value: jsonBytes(1) } };
    const body = { taskId: "sub", repair: { $case: "output" as const, value: output } };
    scene.driver.execute(scene.key, repairTask, RepairTask.fromPartial(body));
    assert.deepEqual(scene.offered, ["work"]);
    scene.fail("work");
    assert.deepEqual(scene.offered, []);
    confirm(scene);
    assert.deepEqual(scene.offered, ["sub"], "it is undone now");
    scene.complete("sub");
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    assert.equal(statusOfTask(scene, "sub"), TaskStatus.TASK_STATUS_COMPENSATED);
  });

  it("starts although the list of its entry is repaired manually", () => {
    const scene = RunScene.of(`
workflow: parent
tasks:
  each: {forEach: "\${{ [1, 2] }}", workflow: order, parentClose: abandon}
  last: {uses: t.last, needs: [{task: each, on: always}], when: "\${{ false }}"}
  work: {uses: t.work}
`);
    refuse(scene);
    assert.equal(statusOfTask(scene, "each"), TaskStatus.TASK_STATUS_FAILED);
    const body = { taskId: "each", repair: { $case: "skip" as const, value: { skipDependents: false } } };
    scene.driver.execute(scene.key, repairTask, RepairTask.fromPartial(body));
    scene.complete("work");
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_RUNNING);
    assert.match(reasonOf(scene) ?? "", /detached children/);
    confirm(scene);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_COMPLETED);
  });
});
