/** Reduced findings of simulations and random histories. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddTasksRequest, Mode, SessionPhase } from "@tutti/contracts/session/v1";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  addTasks,
  cancelSession,
  confirmLocks,
  moveTasks,
  noteTasks,
  recordChoice,
  refuseOperation,
  refuseStart,
  removeSession,
  retrySession,
  signalSession,
} from "../src/index.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../src/testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: planned } = Mode;
const {
  TASK_STATUS_COMPLETED: completed,
  TASK_STATUS_FAILED: failed,
  TASK_STATUS_SKIPPED: skipped,
} = TaskStatus;
const error = {
  ...{ code: "lock.deadlock", message: "", retry: 1 as const, retryAfterMs: 0, violations: [], details: {} },
  ...{ cause: undefined, notOwner: undefined, status: "" },
};

describe("sessions, as simulations found them,", () => {
  it("hold no locks that are confirmed after they stopped", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { locks: [{ name: "door", permits: 1 }] });
    accepted(scene.driver.execute(scene.key, confirmLocks, {}));
    scene.confirm();
    accepted(scene.driver.settle(scene.effect("hold_locks"), refuseStart, { error }));
    assert.equal(scene.state.phase, SessionPhase.SESSION_PHASE_STOPPING);
    accepted(scene.driver.execute(scene.key, confirmLocks, {}));
    assert.equal(scene.state.lockMs, 0);
    assert.deepEqual(scene.requested, ["follow_part p1"]);
  });

  it("start nothing and notify no part while they stop", () => {
    const scene = SessionScene.of(planned, [taskSpec("a"), taskSpec("b")]);
    const { driver, key } = scene;
    scene.confirm();
    accepted(driver.execute(key, cancelSession, { reason: "enough" }));
    const moved = driver.execute(key, moveTasks, { taskIds: ["a"], mode: swarm, reason: "room" });
    assert.equal(codeOf(moved), "session.ended");
    const reply = driver.execute(key, signalSession, { signal: "go", payload: undefined, partId: "" });
    assert.equal(codeOf(reply), "session.ended");
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_CANCELLED);
  });

  it("notify no part of the outcome of a task that the part did not accept", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a")]);
    const { driver, key } = scene;
    scene.confirm();
    accepted(
      driver.execute(key, addTasks, AddTasksRequest.fromPartial({ tasks: [taskSpec("more", ["a"])] })),
    );
    accepted(driver.settle(scene.effect("operate_part", "p1"), refuseOperation, { error }));
    scene.confirm("p2");
    scene.done("p1", "a", 1);
    scene.operate("p2");
    scene.done("p2", "more", 2);
    assert.deepEqual(
      scene.requested.filter((each) => each.startsWith("operate_part")),
      [],
    );
  });

  it("accept the first result of a task, even if two arrive at once", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    const notes = [scene.noteOf("a", completed, 1), scene.noteOf("a", failed)];
    accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes, openApprovals: 0 }));
    assert.equal(scene.state.tasks[0]?.status, completed);
    assert.equal(scene.state.remaining, 1);
  });

  it("derive the end time of a skipped task whose run reports no time", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", ["a"])]);
    scene.confirm();
    const notes = [scene.noteOf("a", failed), { ...scene.noteOf("b", skipped), endMs: 0 }];
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED, notes);
    assert.equal(scene.state.tasks[1]?.status, skipped);
    assert.equal(scene.state.tasks[1]?.endMs, scene.state.parts[0]?.endMs);
  });

  it("are not retried once they are removed", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a")]);
    scene.confirm();
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED, [scene.noteOf("a", failed)]);
    accepted(scene.driver.execute(scene.key, removeSession, { reason: "" }));
    const reply = scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "" });
    assert.equal(codeOf(reply), "session.missing");
  });

  it("repeat failed tasks that no task was waiting for, also if others were named", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED, [
      scene.noteOf("a", completed, 1),
      scene.noteOf("b", failed),
    ]);
    accepted(scene.driver.execute(scene.key, retrySession, { taskIds: ["a"], reason: "" }));
    assert.deepEqual(
      scene.state.tasks.map(({ part }) => part),
      [1, 1],
    );
  });

  it("run tasks that were added while their mode was being chosen", () => {
    for (const chosen of [workflow, Mode.MODE_HYBRID]) {
      const scene = SessionScene.of(Mode.MODE_ADAPTIVE, [taskSpec("a")]);
      const { driver, key } = scene;
      const more = { namespace: "", sessionId: "", tasks: [taskSpec("b", ["a"])], idempotencyKey: "" };
      accepted(driver.execute(key, addTasks, more));
      const parts = [
        { mode: workflow, tasks: [0], reason: "all there was", elsewhere: [], budget: undefined },
      ];
      accepted(
        driver.settle(scene.effect("choose_mode"), recordChoice, { choice: undefined, mode: chosen, parts }),
      );
      assert.deepEqual(
        scene.state.tasks.map(({ part }) => scene.state.parts[part]?.mode),
        [workflow, chosen === workflow ? workflow : swarm],
      );
    }
  });

  it("complete if other tasks tolerate each failure, in any mode of the failed task", () => {
    const others = { needs: [{ task: "a", condition: NeedCondition.NEED_CONDITION_ALWAYS }] };
    for (const mode of [workflow, swarm]) {
      const scene = SessionScene.of(mode, [taskSpec("a"), taskSpec("b", [], others)]);
      scene.confirm();
      const notes = [scene.noteOf("a", failed), scene.noteOf("b", completed, 2)];
      if (mode === swarm)
        accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes, openApprovals: 0 }));
      // A run has failed with its task. A mission ends as requested.
      const ended = mode === workflow ? WorkStatus.WORK_STATUS_FAILED : WorkStatus.WORK_STATUS_COMPLETED;
      scene.endPart("p1", ended, notes);
      assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
      assert.deepEqual(scene.output, { b: 2 });
    }
  });

  it("fail if a failed run has compensated its completed tasks", () => {
    const undo = { compensate: { capability: "undo" } };
    const others = { needs: [{ task: "a", condition: NeedCondition.NEED_CONDITION_ALWAYS }], ...undo };
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", [], others)]);
    scene.confirm();
    const notes = [scene.noteOf("a", failed), scene.noteOf("b", completed, 2)];
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED, notes);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("move a task once, even if its part is asked twice to release it", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    for (const taskIds of [["b"], ["a", "b"]])
      accepted(scene.driver.execute(scene.key, moveTasks, { taskIds, mode: workflow, reason: "room" }));
    scene.operate("p1", ["b"]);
    scene.operate("p1", ["a", "b"]);
    assert.deepEqual(
      scene.state.moves.map(({ task }) => task),
      [1, 0],
    );
  });

  it("send no operation to a part whose work has ended", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", ["a"])]);
    const { driver, key } = scene;
    scene.confirm();
    const ending = {
      ...{ runId: "s..p1..0", status: WorkStatus.WORK_STATUS_FAILED, output: new Uint8Array() },
      ...{ outputPayload: undefined, error },
    };
    driver.call(key, "end_child", { taskId: "p1", ending, used: undefined });
    accepted(driver.execute(key, moveTasks, { taskIds: ["b"], mode: swarm, reason: "room" }));
    assert.deepEqual(scene.state.parts[0]?.operations, []);
  });
});
