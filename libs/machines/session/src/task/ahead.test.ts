import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { moveTasks, placeTasks } from "../index.ts";
import { accepted, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_INTELLIGENCE: planned, MODE_SWARM: swarm } = Mode;

function place(scene: SessionScene, ids: readonly string[]): string[] {
  const { state, driver, key } = scene;
  const begin = ids.map((id) => ({ task: state.byId.get(id) ?? -1, agent: "anna", startMs: 5, endMs: 9 }));
  accepted(driver.execute(key, placeTasks, { part: 0, begin, plan: undefined }));
  return state.tasks.filter(({ isPlaced }) => isPlaced).map(({ spec }) => spec.id);
}

describe("tasks of a plan that need other tasks", () => {
  it("are placed with the tasks that they need, and keep their needs there", () => {
    const scene = SessionScene.of(planned, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    scene.confirm();
    assert.deepEqual(place(scene, ["a", "b", "c"]), ["a", "b", "c"]);
    const { tasks } = scene.effect("operate_part").effect;
    assert.deepEqual(
      tasks.map(({ id, needs }) => [id, needs.map(({ task }) => task)]),
      [
        ["a", []],
        ["b", ["a"]],
        ["c", ["b"]],
      ],
    );
    scene.operate();
    for (const id of ["a", "b", "c"]) scene.done("p1", id);
    assert.deepEqual(
      scene.state.tasks.map(({ output }) => output === undefined),
      [false, false, false],
    );
  });

  it("are placed after the tasks that they need", () => {
    const scene = SessionScene.of(planned, [taskSpec("a"), taskSpec("b", ["a"])]);
    scene.confirm();
    assert.deepEqual(place(scene, ["b"]), []);
    assert.deepEqual(place(scene, ["b", "a"]), ["a"], "b comes before a");
    assert.deepEqual(place(scene, ["b"]), ["a", "b"]);
  });

  it("wait for tasks of another part, and for their gang", () => {
    const gang = { gang: "training" };
    const specs = [
      taskSpec("a"),
      taskSpec("b", ["a"]),
      taskSpec("x", ["c"], gang),
      taskSpec("y", ["c"], gang),
    ];
    const scene = SessionScene.of(planned, [...specs, taskSpec("c")]);
    scene.confirm();
    accepted(scene.driver.execute(scene.key, moveTasks, { taskIds: ["a"], mode: swarm, reason: "" }));
    const inPart = place(scene, ["c", "b", "x", "y"]).filter((id) => id !== "a");
    assert.deepEqual(inPart, ["c"]);
  });
});
