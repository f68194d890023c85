import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import { explainSession, recordDecision, refuseStart, retrySession } from "../index.ts";
import { accepted, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_CUSTOM: custom, MODE_SWARM: swarm, MODE_HYBRID: hybrid } = Mode;

function sceneOf(fixed = false): SessionScene {
  const tasks = [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c")];
  const optimization = { time: 1, cost: 0, quality: 0, exploration: 0, fixed };
  const scene = SessionScene.of(custom, tasks, {
    orchestrator: "mine",
    ...(fixed && { optimization }),
  });
  scene.confirm();
  return scene;
}

function decide(
  scene: SessionScene,
  number: number,
  begin: readonly string[],
  moved: readonly string[] = [],
  mode: Mode = swarm,
) {
  const { driver, key, state } = scene;
  return driver.execute(key, recordDecision, {
    ...{ part: 0, number, reason: `decision ${number}` },
    begin: begin.map((id) => ({ task: state.byId.get(id) ?? 99, agent: "anna", startMs: 5, endMs: 9 })),
    moves: moved.length === 0 ? [] : [{ taskIds: [...moved], mode, reason: "" }],
  });
}

const placedIn = ({ state }: SessionScene) =>
  state.tasks.filter(({ isPlaced }) => isPlaced).map(({ spec }) => spec.id);

describe("parts that an orchestrator of the user decides about", () => {
  it("start nothing before the first decision", () => {
    const scene = sceneOf();
    assert.deepEqual(placedIn(scene), []);
    assert.deepEqual(scene.requested, ["follow_part p1", "plan_part p1"]);
  });

  it("accept each decision once, even if it is reported again, and skip tasks that cannot start", () => {
    const scene = sceneOf();
    accepted(decide(scene, 1, ["a", "b", "a"]));
    assert.deepEqual(placedIn(scene), ["a"], "b needs a");
    accepted(decide(scene, 1, ["c"]));
    accepted(decide(scene, 3, ["c"]));
    assert.deepEqual(
      placedIn(scene),
      ["a"],
      "the first was reported again, the third has no second before it",
    );
    accepted(decide(scene, 2, ["c"]));
    assert.deepEqual(placedIn(scene), ["a", "c"]);
    assert.equal(scene.state.parts[0]?.decision, "decision 2");
  });

  it("move pending tasks to other modes, and end when all tasks are done", () => {
    const scene = sceneOf();
    accepted(decide(scene, 1, ["a", "c"], ["b", "c"]));
    assert.deepEqual(
      scene.state.tasks.map(({ part }) => scene.state.parts[part]?.mode),
      [custom, swarm, swarm],
    );
    assert.equal(
      scene.state.moves[0]?.reason,
      "decision 1",
      "a move without a reason has that of its decision",
    );
    accepted(decide(scene, 2, [], ["a"]));
    assert.equal(scene.state.tasks[0]?.part, 0, "it has begun");
    scene.confirm("p2");
    scene.operate("p1");
    scene.done("p1", "a");
    scene.operate("p2");
    scene.done("p2", "b");
    scene.done("p2", "c");
    scene.operate("p1");
    scene.operate("p2");
    scene.endPart("p1");
    scene.endPart("p2");
    assert.deepEqual(scene.output, { a: "a", b: "b", c: "c" });
  });

  for (const [title, fixed, mode, code] of [
    ["a mode in which no tasks are done", false, hybrid, "session.mode_unfit"],
    ["any other mode where modes are fixed", true, swarm, "session.mode_fixed"],
  ] as const)
    it(`reject ${title}, and stay unchanged`, () => {
      const scene = sceneOf(fixed);
      const answer = decide(scene, 1, ["a"], ["c"], mode);
      assert.equal(isRefusal(answer) && answer.code, code);
      assert.deepEqual([scene.state.parts[0]?.decisions, placedIn(scene)], [0, []]);
    });

  it("explain the wait of each task, with the last message", () => {
    const scene = sceneOf();
    const explanation = () => accepted(scene.driver.query(scene.key, explainSession, { taskId: "c" }));
    assert.match(explanation().summary, /it starts when mine starts it$/);
    accepted(decide(scene, 1, ["a"]));
    assert.match(explanation().summary, /mine starts it; its last decision: decision 1$/);
    assert.equal(explanation().waits[0]?.holders[0]?.id, "s..p1.decision..2");
  });

  it("fail with their orchestrator, and are decided again in a second life", () => {
    const scene = sceneOf();
    accepted(decide(scene, 1, ["c"]));
    scene.operate();
    scene.done("p1", "c");
    scene.driver.settle(scene.effect("plan_part"), refuseStart, { error: undefined });
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
    accepted(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "mended" }));
    scene.confirm("p2");
    assert.deepEqual(
      scene.state.parts.map(({ decisions }) => decisions),
      [1, 0],
    );
    assert.equal(scene.state.tasks[2]?.status, TaskStatus.TASK_STATUS_COMPLETED, "a completed task is kept");
  });
});
