import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndPart, Mode } from "@tutti/contracts/session/v1";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { endPart, moveTasks, passPartOn, recordChoice, signalSession } from "../index.ts";
import { accepted, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_HYBRID: hybrid, MODE_ADAPTIVE: adaptive } = Mode;
const reason = "the engine of runs is away";
const choice = {
  choiceId: "",
  sessionId: "",
  kind: "cut",
  chooseTime: undefined,
  features: {},
  candidates: [],
  chosen: 0,
  ...{ confidence: 1, explored: false, fallback: false, reason: "", model: "", outcome: undefined },
};

/** A run executes its first and last task, a mission the middle one. */
function split(mode: Mode = hybrid, more: Parameters<typeof SessionScene.of>[2] = {}): SessionScene {
  const scene = SessionScene.of(mode, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])], more);
  const parts = [
    { mode: workflow, tasks: [0, 2], reason: "ends", elsewhere: [], budget: undefined },
    { mode: swarm, tasks: [1], reason: "middle", elsewhere: [], budget: undefined },
  ];
  accepted(scene.driver.settle(scene.effect("choose_mode"), recordChoice, { choice, mode: hybrid, parts }));
  return scene;
}

function passOn(scene: SessionScene, part = 0): void {
  accepted(scene.driver.execute(scene.key, passPartOn, { part, mode: swarm, reason }));
}

describe("a part whose engine is unavailable", () => {
  it("moves to another mode with all its tasks, which complete there", () => {
    const scene = split(adaptive);
    scene.confirm("p2");
    passOn(scene);
    assert.deepEqual(scene.requested, ["follow_part p2", "start_part p3"]);
    const { effect } = scene.effect("start_part", "p3");
    assert.deepEqual(
      [effect.mode, effect.tasks.map(({ id }) => id), effect.elsewhere],
      [swarm, ["a", "c"], ["b"]],
    );
    assert.deepEqual(
      scene.view.parts.map(({ mode, status }) => [mode, status]),
      [
        [workflow, WorkStatus.WORK_STATUS_CANCELLED],
        [swarm, WorkStatus.WORK_STATUS_RUNNING],
        [swarm, WorkStatus.WORK_STATUS_PENDING],
      ],
    );
    assert.deepEqual(
      scene.state.moves.filter(({ reason: why }) => why === reason).map(({ task, toPart }) => [task, toPart]),
      [
        [0, 2],
        [2, 2],
      ],
    );
    scene.confirm("p3");
    scene.done("p3", "a", 1);
    scene.operate("p2");
    scene.done("p2", "b", 2);
    scene.operate("p3");
    scene.done("p3", "c", 3);
    for (const part of ["p2", "p3"]) {
      assert.equal(scene.operate(part)?.$case, "close");
      scene.endPart(part);
    }
    assert.deepEqual(scene.output, { a: 1, b: 2, c: 3 });
  });

  it("passes on the undelivered signals of its work, each once", () => {
    const alone = SessionScene.of(adaptive, [taskSpec("a")]);
    const parts = [{ mode: workflow, tasks: [0], reason: "", elsewhere: [], budget: undefined }];
    accepted(
      alone.driver.settle(alone.effect("choose_mode"), recordChoice, { choice, mode: workflow, parts }),
    );
    const sendSignal = (scene: SessionScene, signal: string) =>
      accepted(scene.driver.execute(scene.key, signalSession, { signal, payload: undefined, partId: "" }));
    for (const signal of ["go", "faster"]) sendSignal(alone, signal);
    passOn(alone);
    alone.confirm("p2");
    const signalsOf = (scene: SessionScene, part: string) =>
      [1, 2].map(() => {
        const operation = scene.operate(part);
        return operation?.$case === "signal" ? operation.value.signal : operation?.$case;
      });
    assert.deepEqual(signalsOf(alone, "p2"), ["go", "faster"]);
    assert.deepEqual(alone.state.parts[1]?.operations, []);
  });

  it("stays if its work exists, its mode was requested or is fixed, or its tasks moved before", () => {
    const there = split();
    there.confirm("p1");
    const asking = SessionScene.of(workflow, [taskSpec("a")]);
    const fixed = split(hybrid, { optimization: { time: 1, fixed: true } });
    const moved = split();
    passOn(moved);
    accepted(
      moved.driver.execute(moved.key, moveTasks, { taskIds: ["a", "c"], mode: workflow, reason: "back" }),
    );
    for (const scene of [there, asking, fixed]) {
      const before = scene.requested;
      passOn(scene);
      assert.deepEqual(scene.requested, before);
    }
    const before = moved.requested;
    passOn(moved, 2);
    assert.deepEqual(moved.requested, before);
  });
});

describe("a part whose tasks were all moved away", () => {
  const onFailure = { needs: [{ task: "a", condition: NeedCondition.NEED_CONDITION_FAILURE }] };
  const ends = [
    { named: "a", others: onFailure, status: WorkStatus.WORK_STATUS_COMPLETED },
    { named: "", others: onFailure, status: WorkStatus.WORK_STATUS_FAILED },
  ];
  for (const { named, others, status } of ends)
    it(`${named === "" ? "fails the session when it failed by itself" : "failed with a task of another part, whose failure others tolerate: the part counts as completed"}`, () => {
      const scene = SessionScene.of(hybrid, [taskSpec("a"), taskSpec("b", [], others)]);
      const parts = [
        { mode: swarm, tasks: [0], reason: "", elsewhere: [], budget: undefined },
        { mode: workflow, tasks: [1], reason: "", elsewhere: [0], budget: undefined },
      ];
      accepted(
        scene.driver.settle(scene.effect("choose_mode"), recordChoice, { choice, mode: hybrid, parts }),
      );
      scene.confirm("p1");
      scene.confirm("p2");
      accepted(scene.driver.execute(scene.key, moveTasks, { taskIds: ["b"], mode: swarm, reason }));
      assert.equal(scene.operate("p2", ["b"])?.$case, "withdraw");
      scene.operate("p1");
      scene.note("p1", "a", TaskStatus.TASK_STATUS_FAILED);
      assert.equal(scene.operate("p2")?.$case, "bringIn");
      scene.done("p1", "b", 2);
      assert.equal(scene.operate("p2")?.$case, "bringIn");
      const error = { code: "work.broken", message: "it broke", details: { task: named } };
      const body = EndPart.fromPartial({ status: WorkStatus.WORK_STATUS_FAILED, error });
      accepted(scene.driver.settle(scene.effect("follow_part", "p2"), endPart, body));
      scene.endPart("p1");
      assert.equal(scene.view.status, status);
    });
});
