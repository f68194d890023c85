import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import { explainSession, recordDecision, refuseStart, retrySession } from "../index.ts";
import { SessionScene, taken, taskSpec } from "../testing/index.ts";

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
  it("start nothing before it decides", () => {
    const scene = sceneOf();
    assert.deepEqual(placedIn(scene), []);
    assert.deepEqual(scene.requested, ["follow_part p1", "plan_part p1"]);
  });

  it("take each decision once, however often it is reported, and leave out tasks that cannot start", () => {
    const scene = sceneOf();
    taken(decide(scene, 1, ["a", "b", "a"]));
    assert.deepEqual(placedIn(scene), ["a"], "b needs a");
    taken(decide(scene, 1, ["c"]));
    taken(decide(scene, 3, ["c"]));
    assert.deepEqual(
      placedIn(scene),
      ["a"],
      "the first was reported again, the third has no second before it",
    );
    taken(decide(scene, 2, ["c"]));
    assert.deepEqual(placedIn(scene), ["a", "c"]);
    assert.equal(scene.state.parts[0]?.decision, "decision 2");
  });

  it("give tasks that have not started to other modes, and end when all are done", () => {
    const scene = sceneOf();
    taken(decide(scene, 1, ["a", "c"], ["b", "c"]));
    assert.deepEqual(
      scene.state.tasks.map(({ part }) => scene.state.parts[part]?.mode),
      [custom, swarm, swarm],
    );
    assert.equal(
      scene.state.moves[0]?.reason,
      "decision 1",
      "a move without a reason has that of its decision",
    );
    taken(decide(scene, 2, [], ["a"]));
    assert.equal(scene.state.tasks[0]?.part, 0, "it has begun");
    scene.confirm("p2");
    scene.operate("p1");
    scene.done("p1", "a");
    scene.operate("p2");
    scene.done("p2", "b");
    scene.done("p2", "c");
    scene.operate("p1");
    scene.operate("p2");
    scene.end("p1");
    scene.end("p2");
    assert.deepEqual(scene.output, { a: "a", b: "b", c: "c" });
  });

  for (const [what, fixed, mode, code] of [
    ["a mode in which no tasks are done", false, hybrid, "session.mode_unfit"],
    ["any other mode where modes are fixed", true, swarm, "session.mode_fixed"],
  ] as const)
    it(`refuse ${what}, and stay as they are`, () => {
      const scene = sceneOf(fixed);
      const answer = decide(scene, 1, ["a"], ["c"], mode);
      assert.equal(isRefusal(answer) && answer.code, code);
      assert.deepEqual([scene.state.parts[0]?.decisions, placedIn(scene)], [0, []]);
    });

  it("name for each task what it waits for, and the last message", () => {
    const scene = sceneOf();
    const why = () => taken(scene.driver.query(scene.key, explainSession, { taskId: "c" }));
    assert.match(why().summary, /it starts when mine says so$/);
    taken(decide(scene, 1, ["a"]));
    assert.match(why().summary, /mine says so; the last time it said: decision 1$/);
    assert.equal(why().waits[0]?.holders[0]?.id, "s..p1.decision..2");
  });

  it("fail with their orchestrator, and are decided again in a second life", () => {
    const scene = sceneOf();
    taken(decide(scene, 1, ["c"]));
    scene.operate();
    scene.done("p1", "c");
    scene.driver.settle(scene.effect("plan_part"), refuseStart, { error: undefined });
    scene.end("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(scene.shown.status, WorkStatus.WORK_STATUS_FAILED);
    taken(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "mended" }));
    scene.confirm("p2");
    assert.deepEqual(
      scene.state.parts.map(({ decisions }) => decisions),
      [1, 0],
    );
    assert.equal(scene.state.tasks[2]?.status, TaskStatus.TASK_STATUS_COMPLETED, "a completed task is kept");
  });
});
