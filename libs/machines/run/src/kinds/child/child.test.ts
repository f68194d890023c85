import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, type Explanation, WorkStatus } from "@tutti/contracts/types/v1";
import { EndChild, WithdrawRun } from "@tutti/contracts/workflow/v1";
import type { MachineDriver } from "@tutti/kernel/testing";
import type { StartChild } from "../../core/state/effects.ts";
import { statusOf } from "../../core/state/state.ts";
import { cancelRun, terminateRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { confirmChild, endChild, refuseChild } from "../../life/results/children.ts";
import { jsonBytes, RunScene } from "../../testing/index.ts";

const text = `workflow: parent
tasks:
  sub: {workflow: order@stable, with: {n: "\${{ input.n }}"}, retry: 2}
  after: {needs: [sub], uses: x}
output: "\${{ tasks.sub.output }}"
`;
const order = { input: jsonBytes({ n: 3 }) };

function started(scene: RunScene): StartChild {
  const { effect } = effectOf(scene);
  return effect as StartChild;
}

function effectOf(scene: RunScene) {
  const found = scene.driver.effects.find(({ effect }) => (effect as StartChild).kind === "start_child");
  assert.ok(found !== undefined, "a child is asked for");
  return found;
}

function confirm(scene: RunScene): string {
  const { childId } = started(scene);
  scene.driver.settle(effectOf(scene), confirmChild, {
    id: childId,
    hash: "h",
    existed: false,
    ending: undefined,
  });
  return childId;
}

function end(scene: RunScene, runId: string, status: WorkStatus, more: object = {}) {
  const ending = { runId, status, ...more };
  return scene.driver.execute(scene.key, endChild, EndChild.fromPartial({ taskId: "sub", ending }));
}

describe("a task that a child does", () => {
  it("starts its child as defined, and completes with the child", () => {
    const scene = RunScene.of(text, order);
    const start = started(scene);
    assert.deepEqual(
      [start.definition, start.label, start.taskId, start.childId],
      ["order", "stable", "sub", "r..sub..0"],
    );
    const childId = confirm(scene);
    end(scene, childId, WorkStatus.WORK_STATUS_COMPLETED, { output: jsonBytes("fine") });
    assert.deepEqual(scene.offered, ["after"]);
    scene.complete("after");
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("names the command that explains its child", () => {
    const scene = RunScene.of(text, order);
    const childId = confirm(scene);
    const found = explain.answer(scene.state, { taskId: "sub" }, { key: scene.key, nowMs: 0 });
    assert.equal((found as Explanation).remedies[0]?.command, `tutti why ${childId}`);
  });

  it("is retried with another child, and fails with the error of the last child as its cause", () => {
    const scene = RunScene.of(text, order);
    const error = ErrorDetail.fromPartial({ code: "pay.declined", message: "no" });
    end(scene, confirm(scene), WorkStatus.WORK_STATUS_FAILED, { error });
    scene.driver.advance(3_600_000);
    const second = confirm(scene);
    assert.equal(second, "r..sub..0.2");
    end(scene, second, WorkStatus.WORK_STATUS_FAILED, { error });
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
    assert.deepEqual(
      [scene.state.error?.code, scene.state.error?.cause?.code],
      ["workflow.child_failed", "pay.declined"],
    );
  });

  it("a cancelled child is not started again", () => {
    const scene = RunScene.of(text, order);
    end(scene, confirm(scene), WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_FAILED);
  });

  it("an end that is reported before the start is confirmed counts", () => {
    const scene = RunScene.of(text, order);
    end(scene, started(scene).childId, WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual(scene.offered, ["after"]);
  });

  it("a child that continues as another run reports its end under the id that its parent knows", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks: {a: {uses: t.a}}\ncontinueAsNew: {when: run.incarnation < 2}\n",
      {
        parent: { namespace: "default", kind: "run", id: "parent", task: "sub" },
      },
    );
    for (const id of ["r", "r...2"]) {
      const due = scene.driver.effects.find(({ key }) => key.id === id);
      assert.ok(due !== undefined);
      scene.driver.settleBy(due, "complete_task", {
        output: jsonBytes(id),
        agent: "",
        runMs: 1,
        questions: [],
      });
      if (id === "r") scene.driver.deliver();
    }
    const reportedRuns = scene.driver.messages.flatMap(({ type, payload }) =>
      type === "end_child" ? [EndChild.decode(payload).ending?.runId] : [],
    );
    assert.deepEqual(reportedRuns, ["r"]);
  });

  it("a child that cannot be started fails the attempt", () => {
    const scene = RunScene.of(text, order);
    const error = ErrorDetail.fromPartial({ code: "definition.missing", message: "none", retry: 1 });
    scene.driver.settle(effectOf(scene), refuseChild, { error });
    assert.equal(scene.state.error?.code, "definition.missing");
  });

  it("withdraws its starting child with the parent, except if `parentClose` is `abandon`", () => {
    const messagesAfter = (
      parentClose: string,
      command: Parameters<MachineDriver["execute"]>[1] = cancelRun,
    ) => {
      const scene = RunScene.of(text.replace("retry: 2", parentClose), order);
      scene.driver.execute(scene.key, command, { reason: "no longer wanted", noCompensate: false });
      return scene.driver.messages.map(({ to, type, payload }) => {
        const { definition, parent, terminate } = WithdrawRun.decode(payload);
        return [type, to.id, definition, parent?.id, parent?.task, terminate];
      });
    };
    const withdrawMessage = ["withdraw_run", "r..sub..0", "order", "r", "sub"];
    assert.deepEqual(messagesAfter("parentClose: cancel"), [[...withdrawMessage, false]]);
    assert.deepEqual(messagesAfter("parentClose: terminate"), [[...withdrawMessage, true]]);
    assert.deepEqual(messagesAfter("parentClose: cancel", terminateRun), [[...withdrawMessage, true]]);
    assert.deepEqual(messagesAfter("parentClose: abandon"), []);
  });

  it("delays the end of a cancelled run until its detached child has started or was refused", () => {
    const alone = () => {
      const scene = RunScene.of(text.replace("retry: 2", "parentClose: abandon"), order);
      scene.driver.execute(scene.key, cancelRun, { reason: "no longer wanted", noCompensate: false });
      assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_CANCELLING);
      return scene;
    };
    const starting = alone();
    confirm(starting);
    assert.equal(statusOf(starting.state), WorkStatus.WORK_STATUS_CANCELLED);
    const refused = alone();
    const error = ErrorDetail.fromPartial({ code: "definition.missing", message: "none", retry: 1 });
    refused.driver.settle(effectOf(refused), refuseChild, { error });
    assert.equal(statusOf(refused.state), WorkStatus.WORK_STATUS_CANCELLED);
    assert.ok(refused.events.includes("child_refused"));
  });

  it("keeps its budget while its detached child starts in a cancelled run", () => {
    const budget = { tokens: 8, money: 0, timeMs: 40_000 };
    const scene = RunScene.of(text.replace("retry: 2", "parentClose: abandon"), { ...order, budget });
    scene.driver.execute(scene.key, cancelRun, { reason: "no longer wanted", noCompensate: false });
    assert.deepEqual((effectOf(scene).effect as StartChild).budget, budget);
  });

  it("cancels or terminates a started child with its parent, or leaves it running if configured", () => {
    const stopMessages = (parentClose: string) => {
      const scene = RunScene.of(text.replace("retry: 2", parentClose), order);
      confirm(scene);
      scene.driver.execute(scene.key, cancelRun, { reason: "no longer wanted", noCompensate: false });
      return scene.driver.messages.map(({ to, type }) => `${type} ${to.id}`);
    };
    assert.deepEqual(stopMessages("parentClose: cancel"), ["cancel_run r..sub..0"]);
    assert.deepEqual(stopMessages("parentClose: terminate"), ["terminate_run r..sub..0"]);
    assert.deepEqual(stopMessages("parentClose: abandon"), []);
  });
});
