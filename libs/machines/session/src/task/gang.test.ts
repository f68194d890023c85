import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddTasksRequest, Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { addTasks, moveTasks, placeTasks, recordChoice, retrySession } from "../index.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_HYBRID: hybrid, MODE_INTELLIGENCE: planned } = Mode;
const member = (id: string, gang = "training") => taskSpec(id, [], { gang });
const three = [taskSpec("x"), member("a"), member("b")];
const idsOf = (specs: readonly { readonly id: string }[]) => specs.map(({ id }) => id).sort();

describe("tasks of a session with the same gang", () => {
  it("start in one part, even if a choice divides them", () => {
    const scene = SessionScene.of(hybrid, three);
    const part = (mode: Mode, tasks: number[]) => ({
      mode,
      tasks,
      reason: "",
      elsewhere: [],
      budget: undefined,
    });
    const parts = [part(swarm, [1]), part(workflow, [0, 2])];
    accepted(
      scene.driver.settle(scene.effect("choose_mode"), recordChoice, {
        choice: undefined,
        mode: hybrid,
        parts,
      }),
    );
    assert.deepEqual(
      ["p1", "p2"].map((id) => idsOf(scene.effect("start_part", id).effect.tasks)),
      [["a", "b"], ["x"]],
    );
  });

  it("move together", () => {
    const scene = SessionScene.of(hybrid, three);
    const parts = [{ mode: swarm, tasks: [0, 1, 2], reason: "", elsewhere: [], budget: undefined }];
    accepted(
      scene.driver.settle(scene.effect("choose_mode"), recordChoice, {
        choice: undefined,
        mode: hybrid,
        parts,
      }),
    );
    scene.confirm();
    accepted(scene.driver.execute(scene.key, moveTasks, { taskIds: ["b"], mode: workflow, reason: "" }));
    assert.deepEqual([...scene.effect("operate_part").effect.taskIds].sort(), ["a", "b"]);
    scene.operate("p1", ["a", "b"]);
    assert.deepEqual(idsOf(scene.effect("start_part", "p2").effect.tasks), ["a", "b"]);
  });

  it("do not move once one of them has started", () => {
    const scene = SessionScene.of(swarm, three);
    scene.confirm();
    scene.note("p1", "a", TaskStatus.TASK_STATUS_RUNNING);
    const move = scene.driver.execute(scene.key, moveTasks, { taskIds: ["b"], mode: workflow, reason: "" });
    assert.equal(codeOf(move), "session.task_begun");
  });

  it("are placed together if a plan starts one of them", () => {
    const scene = SessionScene.of(planned, three);
    scene.confirm();
    const begin = [{ task: 2, agent: "anna", startMs: 5, endMs: 9 }];
    accepted(scene.driver.execute(scene.key, placeTasks, { part: 0, begin, plan: undefined }));
    const { tasks } = scene.effect("operate_part").effect;
    assert.deepEqual(tasks.map(({ id, gang }) => `${id} ${gang}`).sort(), ["a training", "b training"]);
    assert.deepEqual(
      scene.state.tasks.map(({ isPlaced }) => isPlaced),
      [false, true, true],
    );
  });

  for (const [title, tasks] of [
    ["a gang that the session has", [member("d"), member("e")]],
    ["a member alone", [member("d", "other")]],
  ] as const)
    it(`are rejected later with ${title}`, () => {
      const scene = SessionScene.of(swarm, three);
      const answer = scene.driver.execute(
        scene.key,
        addTasks,
        AddTasksRequest.fromPartial({ tasks: [...tasks] }),
      );
      assert.equal(codeOf(answer), "session.task_invalid");
    });

  it("start in a retry without completed members, and without a gang if only one member is left", () => {
    const scene = SessionScene.of(swarm, [
      member("a"),
      member("b"),
      member("c"),
      member("d", "two"),
      member("e", "two"),
    ]);
    scene.confirm();
    for (const id of ["a", "d"]) scene.done("p1", id);
    scene.note("p1", "b", TaskStatus.TASK_STATUS_FAILED);
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED);
    accepted(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "" }));
    const { tasks } = scene.effect("start_part", "p2").effect;
    assert.deepEqual(
      tasks.map(({ id, gang }) => `${id} ${gang}`.trim()),
      ["b training", "c training", "e"],
    );
  });
});
