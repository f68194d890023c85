import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddTasksRequest, Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { addTasks, countsIn, indexLabels, noteTasks, retrySession, session, usedIn } from "./index.ts";
import { accepted, SessionScene, taskSpec } from "./testing/index.ts";

const labelsOf = (scene: SessionScene) => session.describe(scene.state).labels;

describe("an index label of a session", () => {
  it("is the requested mode, next to the current mode", () => {
    const scene = SessionScene.of(Mode.MODE_ADAPTIVE, [taskSpec("a")]);
    assert.equal(labelsOf(scene)[indexLabels.wantedMode], "adaptive");
    assert.equal(labelsOf(scene)[indexLabels.mode], undefined);
    assert.equal(labelsOf(SessionScene.of(Mode.MODE_SWARM, [taskSpec("a")]))[indexLabels.mode], "swarm");
    const unsaid = SessionScene.of(Mode.MODE_UNSPECIFIED, [taskSpec("a")]);
    assert.equal(labelsOf(unsaid)[indexLabels.wantedMode], undefined);
  });

  it("counts its tasks by status, as the session itself does, in both lives", () => {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a"), taskSpec("b", ["a"])]);
    const agreed = () => {
      const counts = countsIn(labelsOf(scene)[indexLabels.tasks]);
      assert.deepEqual(counts, scene.view.tasks);
      return counts;
    };
    assert.equal(agreed()?.pending, 2);
    scene.confirm();
    scene.note("p1", "a", TaskStatus.TASK_STATUS_RUNNING);
    assert.equal(agreed()?.running, 1);
    const more = AddTasksRequest.fromPartial({ tasks: [taskSpec("c")] });
    accepted(scene.driver.execute(scene.key, addTasks, more));
    assert.equal(agreed()?.total, 3);
    scene.done("p1", "a");
    scene.note("p1", "b", TaskStatus.TASK_STATUS_FAILED);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.deepEqual(
      [agreed()?.completed, agreed()?.failed, agreed()?.cancelled],
      [1, 1, 1],
      "tasks that did not run are over too",
    );
    accepted(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "" }));
    assert.deepEqual([agreed()?.completed, agreed()?.pending], [1, 2]);
  });

  it("is how many questions are open in its parts, while they are", () => {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a")]);
    const agreed = () => {
      const label = labelsOf(scene)[indexLabels.person];
      assert.equal(scene.view.openApprovals, Number(label ?? 0), "a list says what the session does");
      return label;
    };
    scene.confirm();
    assert.equal(agreed(), undefined);
    const noteApprovals = (openApprovals: number) =>
      accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes: [], openApprovals }));
    noteApprovals(2);
    assert.equal(agreed(), "2");
    const { length } = scene.events;
    noteApprovals(2);
    assert.equal(scene.events.length, length, "the same again is no news");
    noteApprovals(1);
    assert.equal(agreed(), "1");
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(agreed(), undefined);
  });

  it("is the usage of its tasks, and absent without usage", () => {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a"), taskSpec("b")]);
    assert.equal(labelsOf(scene)[indexLabels.used], undefined);
    assert.deepEqual(usedIn(undefined), { tokens: 0, money: 0, timeMs: 0 });
    scene.confirm();
    for (const id of ["a", "b"]) {
      const used = { tokens: 7, money: 0.25, timeMs: 30 };
      const notes = [{ ...scene.noteOf(id, TaskStatus.TASK_STATUS_COMPLETED), used }];
      accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes, openApprovals: 0 }));
    }
    assert.deepEqual(usedIn(labelsOf(scene)[indexLabels.used]), { tokens: 14, money: 0.5, timeMs: 60 });
    assert.deepEqual(scene.view.used, { tokens: 14, money: 0.5, timeMs: 60 });
  });
});
