import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { addTasks, moveTasks, recordChoice, retrySession, session } from "../index.ts";
import { codeOf, SessionScene, taken, taskSpec } from "../testing/index.ts";

const { MODE_SWARM: swarm, MODE_WORKFLOW: workflow, MODE_HYBRID: hybrid, MODE_ADAPTIVE: adaptive } = Mode;
const tokens = (count: number) => ({ tokens: count, money: 0, timeMs: 0 });
const failed = WorkStatus.WORK_STATUS_FAILED;

function given(scene: SessionScene, part: string): number | undefined {
  return scene.effect("start_part", part).effect.spec.budget?.tokens;
}

function fail(scene: SessionScene, part: string, used: number | undefined): void {
  const notes = [scene.noteOf("a", TaskStatus.TASK_STATUS_FAILED)];
  scene.end(part, failed, notes, used === undefined ? undefined : tokens(used));
}

function retry(scene: SessionScene): string {
  return codeOf(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "mended" }));
}

describe("the budget of a session", () => {
  it("is one over all of its lives: each has what the ones before left", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    assert.equal(given(scene, "p1"), 10);
    scene.confirm("p1");
    fail(scene, "p1", 4);
    assert.equal(retry(scene), "done");
    assert.equal(given(scene, "p2"), 6);
    scene.confirm("p2");
    fail(scene, "p2", 6);
    assert.equal(retry(scene), "session.budget_used_up");
  });

  it("counts all that a part had as used where nobody knows", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    scene.confirm("p1");
    fail(scene, "p1", undefined);
    assert.equal(retry(scene), "session.budget_used_up");
  });

  it("is kept by missions: modes that are done by runs or in parts are refused, and so are choices of these", () => {
    for (const mode of [workflow, hybrid])
      assert.throws(() => SessionScene.of(mode, [taskSpec("a")], { budget: tokens(1) }), /budget_unkept/);
    const scene = SessionScene.of(adaptive, [taskSpec("a")], { budget: tokens(10) });
    const body = (mode: Mode) => ({
      ...{ choice: undefined, mode },
      parts: [{ mode, tasks: [0], reason: "by lot", elsewhere: [], budget: undefined }],
    });
    const asked = scene.effect("choose_mode");
    assert.equal(codeOf(scene.driver.settle(asked, recordChoice, body(workflow))), "session.budget_unkept");
    assert.equal(codeOf(scene.driver.settle(asked, recordChoice, body(swarm))), "done");
    assert.equal(given(scene, "p1"), 10);
  });

  it("is not divided: tasks stay in the part that has it, and more come to that one", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"])], { budget: tokens(10) });
    scene.confirm("p1");
    const move = { taskIds: ["b"], mode: workflow, reason: "" };
    assert.equal(codeOf(scene.driver.execute(scene.key, moveTasks, move)), "session.budget_undivided");
    const more = { namespace: "", sessionId: "", idempotencyKey: "", tasks: [taskSpec("c")] };
    taken(scene.driver.execute(scene.key, addTasks, more));
    assert.equal(scene.state.parts.length, 1);
  });

  it("that was used up by breaking down the goal leaves nothing to begin with", () => {
    const scene = SessionScene.ofGoal({}, swarm, { budget: tokens(5) });
    scene.planned([taskSpec("a")], "", tokens(5));
    assert.equal(scene.shown.status, failed);
    assert.equal(scene.state.error?.code, "session.budget_used_up");
    assert.deepEqual(scene.asked, []);
  });

  it("stays as it was when the session is read from its snapshot", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget: tokens(10) });
    scene.confirm("p1");
    fail(scene, "p1", 4);
    const { snapshots } = session;
    const read = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual([read.parts[0]?.budget?.tokens, read.parts[0]?.used?.tokens], [10, 4]);
  });
});
