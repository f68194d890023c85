import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { addTasks, moveTasks, recordChoice, retrySession, session } from "../index.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_SWARM: swarm, MODE_WORKFLOW: workflow, MODE_HYBRID: hybrid, MODE_ADAPTIVE: adaptive } = Mode;
const tokens = (count: number) => ({ tokens: count, money: 0, timeMs: 0 });
const failed = WorkStatus.WORK_STATUS_FAILED;

function budgetOf(scene: SessionScene, part: string): number | undefined {
  return scene.effect("start_part", part).effect.spec.budget?.tokens;
}

function fail(scene: SessionScene, part: string, used: number | undefined): void {
  const notes = [scene.noteOf("a", TaskStatus.TASK_STATUS_FAILED)];
  scene.endPart(part, failed, notes, used === undefined ? undefined : tokens(used));
}

function choose(scene: SessionScene, parts: readonly (readonly [Mode, ...number[]])[]): void {
  const body = {
    ...{ choice: undefined, mode: parts.length > 1 ? hybrid : workflow },
    parts: parts.map(([mode, ...tasks]) => ({
      mode,
      tasks,
      reason: "by lot",
      elsewhere: [],
      budget: undefined,
    })),
  };
  const reply = scene.driver.settle(scene.effect("choose_mode"), recordChoice, body);
  assert.equal(codeOf(reply), "done");
}

function retry(scene: SessionScene): string {
  return codeOf(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "mended" }));
}

describe("the budget of a session", () => {
  it("covers all lives of the session: each life has the rest of the previous lives", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    assert.equal(budgetOf(scene, "p1"), 10);
    scene.confirm("p1");
    fail(scene, "p1", 4);
    assert.equal(retry(scene), "done");
    assert.equal(budgetOf(scene, "p2"), 6);
    scene.confirm("p2");
    fail(scene, "p2", 6);
    assert.equal(retry(scene), "session.budget_used_up");
  });

  it("counts all that a part had as used if its usage is unknown", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    scene.confirm("p1");
    fail(scene, "p1", undefined);
    assert.equal(retry(scene), "session.budget_used_up");
  });

  it("applies in every mode, and a choice gives it to the chosen part", () => {
    for (const mode of [workflow, swarm]) {
      const scene = SessionScene.of(mode, [taskSpec("a")], { budget: tokens(1) });
      assert.equal(budgetOf(scene, "p1"), 1);
    }
    const scene = SessionScene.of(adaptive, [taskSpec("a")], { budget: tokens(10) });
    choose(scene, [[workflow, 0]]);
    assert.equal(budgetOf(scene, "p1"), 10);
  });

  it("is divided among parts that start together by the estimates of their tasks, and none has no limit", () => {
    const tasks = [3, 0, 6].map((expected, at) => taskSpec(`t${at}`, [], { estimate: { tokens: expected } }));
    const scene = SessionScene.of(hybrid, tasks, { budget: tokens(27) });
    choose(scene, [
      [workflow, 0, 1],
      [swarm, 2],
    ]);
    assert.deepEqual([budgetOf(scene, "p1"), budgetOf(scene, "p2")], [15, 12]);
    const poor = SessionScene.of(hybrid, [...tasks, taskSpec("t3", [], { estimate: { tokens: 1e9 } })], {
      budget: tokens(1),
    });
    choose(poor, [
      [workflow, 0, 1],
      [swarm, 2],
      [swarm, 3],
    ]);
    const shares = ["p1", "p2", "p3"].map((part) => budgetOf(poor, part) ?? 0);
    assert.ok(shares.every((share) => share > 0));
    assert.ok(shares.reduce((sum, share) => sum + share, 0) <= 1);
  });

  it("that one part did not use is available to the next life, even if another part used up its own", () => {
    const scene = SessionScene.of(hybrid, [taskSpec("a"), taskSpec("b")], { budget: tokens(10) });
    choose(scene, [
      [workflow, 0],
      [swarm, 1],
    ]);
    scene.confirm("p1");
    scene.confirm("p2");
    scene.endPart(
      "p2",
      WorkStatus.WORK_STATUS_COMPLETED,
      [scene.noteOf("b", TaskStatus.TASK_STATUS_COMPLETED)],
      tokens(1),
    );
    fail(scene, "p1", 5);
    assert.equal(retry(scene), "done");
    assert.equal(budgetOf(scene, "p3"), 4);
  });

  it("stays with its parts: tasks do not move, and added tasks join an existing part", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", ["a"])], { budget: tokens(10) });
    scene.confirm("p1");
    const move = { taskIds: ["b"], mode: swarm, reason: "" };
    assert.equal(codeOf(scene.driver.execute(scene.key, moveTasks, move)), "session.budget_undivided");
    const more = { namespace: "", sessionId: "", idempotencyKey: "", tasks: [taskSpec("c")] };
    accepted(scene.driver.execute(scene.key, addTasks, more));
    assert.equal(scene.state.parts.length, 1);
  });

  it("fails the session if breaking down the goal used it up", () => {
    const scene = SessionScene.ofGoal({}, swarm, { budget: tokens(5) });
    scene.planned([taskSpec("a")], "", tokens(5));
    assert.equal(scene.view.status, failed);
    assert.equal(scene.state.error?.code, "session.budget_used_up");
    assert.deepEqual(scene.requested, []);
  });

  it("survives a snapshot", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    scene.confirm("p1");
    fail(scene, "p1", 4);
    const { snapshots } = session;
    const read = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual([read.parts[0]?.budget?.tokens, read.parts[0]?.used?.tokens], [10, 4]);
  });
});
