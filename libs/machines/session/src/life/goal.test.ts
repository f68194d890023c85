import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode, SessionPhase } from "@tutti/contracts/session/v1";
import { WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  addTasks,
  cancelSession,
  confirmLocks,
  explainSession,
  pauseSession,
  recordChoice,
  refuseStart,
  resumeSession,
  retrySession,
} from "../index.ts";
import { accepted, codeOf, json, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_HYBRID: hybrid } = Mode;
const {
  WORK_STATUS_PENDING: pending,
  WORK_STATUS_COMPLETED: completed,
  WORK_STATUS_FAILED: failed,
} = WorkStatus;

function errorOf(scene: SessionScene) {
  const { result } = scene.view.outcome ?? {};
  return result?.$case === "failed" ? result.value : undefined;
}

describe("a session with a goal", () => {
  it("requests tasks first, and then continues as if it had been started with them", () => {
    const scene = SessionScene.ofGoal({ input: json({ about: "bows" }) }, swarm);
    assert.deepEqual(scene.requested, ["ask_planner"]);
    const { effect } = scene.effect("ask_planner");
    assert.equal(effect.runId, "s..goal..0");
    assert.equal(scene.view.status, pending);
    const explanation = accepted(scene.driver.query(scene.key, explainSession, { taskId: "" }));
    assert.deepEqual(
      explanation.waits.map(({ cause, subject }) => [cause, subject]),
      [[WaitCause.WAIT_CAUSE_CHILD, "s..goal..0"]],
    );
    scene.planned([taskSpec("a"), taskSpec("b", ["a"])], "tasks.b.output", {
      tokens: 7,
      money: 0,
      timeMs: 3,
    });
    assert.deepEqual(
      scene.effect("start_part", "p1").effect.tasks.map(({ id }) => id),
      ["a", "b"],
    );
    scene.confirm();
    scene.done("p1", "a", 1);
    scene.done("p1", "b", 42);
    scene.operate();
    scene.endPart();
    assert.equal(scene.view.status, completed);
    assert.equal(scene.output, 42);
    assert.equal(scene.view.used?.tokens, 7, "what breaking it down took counts");
    assert.deepEqual(scene.requested, []);
  });

  it("has its mode chosen once its tasks are known", () => {
    const scene = SessionScene.ofGoal({}, hybrid);
    scene.planned([taskSpec("a"), taskSpec("b")]);
    assert.deepEqual(scene.requested, ["choose_mode"]);
    const parts = [0, 1].map((task) => ({
      mode: task === 0 ? workflow : swarm,
      tasks: [task],
      reason: "",
      ...{ elsewhere: [], budget: undefined },
    }));
    accepted(
      scene.driver.settle(scene.effect("choose_mode"), recordChoice, {
        choice: undefined,
        mode: hybrid,
        parts,
      }),
    );
    assert.deepEqual(scene.requested, ["start_part p1", "start_part p2"]);
  });

  const unfit: readonly (readonly [string, Parameters<SessionScene["planned"]>[0], string, RegExp])[] = [
    [
      "a circle",
      [taskSpec("a", ["b"]), taskSpec("b", ["a"])],
      "",
      /^The planner `tutti\.plan` returned tasks that the session cannot run: task a: .*cycle/,
    ],
    ["a need without a task", [taskSpec("a", ["x"])], "", /cannot run: task a: .*x/],
    ["a task twice", [taskSpec("a"), taskSpec("a")], "", /cannot run: task a: expected every task once/],
    ["an output that is none", [taskSpec("a")], "tasks.", /cannot run: output: /],
  ];
  for (const [title, tasks, output, message] of unfit)
    it(`fails with ${title}, names the problem, and asks the planner again on a retry`, () => {
      const scene = SessionScene.ofGoal({}, workflow);
      scene.planned(tasks, output);
      assert.equal(scene.view.status, failed);
      assert.match(errorOf(scene)?.message ?? "", message);
      assert.equal(scene.state.tasks.length, 0);
      accepted(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "" }));
      assert.equal(scene.effect("ask_planner").effect.runId, "s..goal..1", "of a run of its own");
      scene.planned([taskSpec("a")]);
      assert.deepEqual(scene.requested, ["start_part p1"]);
    });

  it("fails with the run that should have broken it down", () => {
    const scene = SessionScene.ofGoal({}, workflow);
    const error = {
      ...{ code: "work.broken", message: "no idea", retry: 1 as const, retryAfterMs: 0, violations: [] },
      ...{ details: {}, cause: undefined, notOwner: undefined, status: "" },
    };
    accepted(scene.driver.settle(scene.effect("ask_planner"), refuseStart, { error }));
    assert.equal(scene.view.status, failed);
    assert.equal(errorOf(scene)?.code, "work.broken");
    assert.deepEqual(scene.requested, []);
  });

  it("is broken down once its locks are acquired, and starts only when it is not paused", () => {
    const scene = SessionScene.ofGoal({}, workflow, { locks: [{ name: "door", permits: 1 }] });
    const { driver, key } = scene;
    assert.deepEqual(scene.requested, ["hold_locks"]);
    accepted(driver.execute(key, confirmLocks, {}));
    accepted(driver.execute(key, pauseSession, { reason: "" }));
    scene.planned([taskSpec("a")]);
    assert.deepEqual(scene.requested, ["hold_locks"]);
    accepted(driver.execute(key, resumeSession, { reason: "" }));
    assert.deepEqual(scene.requested, ["hold_locks", "start_part p1"]);
  });

  it("withdraws its request to the planner when it ends", () => {
    const scene = SessionScene.ofGoal({}, workflow);
    accepted(scene.driver.execute(scene.key, cancelSession, { reason: "enough" }));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_CANCELLED);
    assert.deepEqual(scene.requested, []);
  });

  it("accepts more tasks once it has some", () => {
    const scene = SessionScene.ofGoal({}, workflow);
    const more = { namespace: "", sessionId: "", tasks: [taskSpec("b", ["a"])], idempotencyKey: "" };
    assert.equal(codeOf(scene.driver.execute(scene.key, addTasks, more)), "session.task_invalid");
    scene.planned([taskSpec("a")]);
    scene.confirm();
    assert.equal(codeOf(scene.driver.execute(scene.key, addTasks, more)), "done");
  });

  for (const [reached, ends, found] of [
    ["output.a > input.least", completed, ""],
    ["output.a > 99", failed, "session.goal_missed"],
    ["output.b > 1", failed, "session.goal_missed"],
  ] as const)
    it(`completes only if ${reached} is true for its output`, () => {
      const scene = SessionScene.ofGoal({ reached, input: json({ least: 3 }) }, workflow);
      scene.planned([taskSpec("a")]);
      scene.confirm();
      scene.done("p1", "a", 7);
      scene.endPart();
      assert.equal(scene.view.status, ends);
      assert.equal(errorOf(scene)?.code ?? "", found);
      assert.equal(scene.state.phase, SessionPhase.SESSION_PHASE_ENDED);
    });
});
