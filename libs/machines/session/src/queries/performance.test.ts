import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddTasksRequest, Mode, TaskNote } from "@tutti/contracts/session/v1";
import { TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import { addTasks, noteTasks, pauseSession, placeTasks, resumeSession } from "../index.ts";
import { sessionSnapshots } from "../snapshots.ts";
import { accepted, SessionScene, taskSpec } from "../testing/index.ts";
import { performanceOf } from "./performance.ts";
import { Periods, without } from "./periods.ts";

const { MODE_WORKFLOW: workflow, MODE_INTELLIGENCE: planned } = Mode;
const {
  TASK_STATUS_QUEUED: queued,
  TASK_STATUS_RUNNING: running,
  TASK_STATUS_COMPLETED: completed,
} = TaskStatus;

/** Reports the status of a task by its engine, at times since the session started. */
function report(scene: SessionScene, id: string, status: TaskStatus, times: Partial<TaskNote>): void {
  const { beginMs } = scene.state;
  const at = (ms: number | undefined) => (ms === undefined ? 0 : beginMs + ms);
  const { readyMs, startMs, endMs } = times;
  const note = TaskNote.fromPartial({
    ...{ task: scene.state.byId.get(id) ?? -1, status, attempts: 1 },
    ...{ readyMs: at(readyMs), startMs: at(startMs), endMs: at(endMs) },
  });
  accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes: [note], openApprovals: 0 }));
}

function waits(scene: SessionScene): Record<string, number> {
  const names = new Map<number, string>(Object.entries(WaitCause).map(([name, cause]) => [cause, name]));
  return Object.fromEntries(
    (scene.view.performance?.waits ?? []).map(({ cause, waitedMs }) => [
      (names.get(cause) ?? "").replace("WAIT_CAUSE_", "").toLowerCase(),
      waitedMs,
    ]),
  );
}

describe("wait causes of tasks in a session", () => {
  it("needed tasks, an engine that accepts them, a free agent", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    scene.driver.advance(1_000);
    scene.confirm();
    report(scene, "a", completed, { readyMs: 100, startMs: 150, endMs: 400 });
    report(scene, "b", queued, { readyMs: 410 });
    // c waits for b all the time. b waits for a until 400, then for the engine, then for an agent.
    assert.deepEqual(waits(scene), { needs: 400 + 1_000, start: 100 + 10, busy: 50 + 590 });
  });

  it("nothing after a skip, and for added tasks only the time since they were added", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b", ["a"])]);
    scene.confirm();
    scene.driver.advance(300);
    accepted(
      scene.driver.execute(scene.key, addTasks, AddTasksRequest.fromPartial({ tasks: [taskSpec("late")] })),
    );
    const restored = sessionSnapshots.decode(sessionSnapshots.encode(scene.state), sessionSnapshots.version);
    assert.equal(restored.tasks[2]?.sinceMs, scene.driver.nowMs, "it is kept");
    scene.driver.advance(100);
    report(scene, "a", completed, { readyMs: 0, startMs: 1, endMs: 400 });
    report(scene, "b", TaskStatus.TASK_STATUS_SKIPPED, { endMs: 400 });
    assert.deepEqual(waits(scene), { start: 100, busy: 1 });
  });

  it("the session to resume, and a slot of its own", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b")], { limits: { slots: 1 } });
    scene.confirm();
    report(scene, "a", running, { readyMs: 0, startMs: 1 });
    report(scene, "b", queued, { readyMs: 0 });
    scene.driver.advance(100);
    accepted(scene.driver.execute(scene.key, pauseSession, { reason: "lunch" }));
    scene.driver.advance(200);
    report(scene, "a", completed, { readyMs: 0, startMs: 1, endMs: 201 });
    assert.deepEqual(waits(scene), { paused: 200, limit: 99, busy: 2 });
    accepted(scene.driver.execute(scene.key, resumeSession, { reason: "" }));
    scene.driver.advance(50);
    report(scene, "b", completed, { readyMs: 0, startMs: 320, endMs: 350 });
    assert.deepEqual(
      waits(scene),
      { paused: 200, limit: 99, busy: 22 },
      "a pause that is over counts as well",
    );
    const restored = sessionSnapshots.decode(sessionSnapshots.encode(scene.state), sessionSnapshots.version);
    const untilMs = scene.driver.nowMs;
    assert.deepEqual(performanceOf(restored, untilMs), performanceOf(scene.state, untilMs), "it is kept");
  });

  it("their turn in the plan", () => {
    const scene = SessionScene.of(planned, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    scene.driver.advance(500);
    const begin = [{ task: 0, agent: "anna", startMs: scene.driver.nowMs, endMs: scene.driver.nowMs + 50 }];
    accepted(scene.driver.execute(scene.key, placeTasks, { part: 0, begin, plan: undefined }));
    scene.driver.advance(100);
    report(scene, "a", completed, { readyMs: 510, startMs: 540, endMs: 600 });
    assert.deepEqual(waits(scene), { behind_others: 500 + 600, busy: 30, start: 10 });
    const { predicted, predictionError } = scene.view.performance ?? {};
    assert.equal(predicted, 1);
    assert.ok(Math.abs((predictionError ?? 0) - 10 / 60) < 1e-9);
  });
});

describe("predictions", () => {
  it("are the estimates of the author without a plan, and absent without estimates", () => {
    const scene = SessionScene.of(workflow, [
      taskSpec("a", [], { estimate: { durationMs: 50 } }),
      taskSpec("b"),
    ]);
    scene.confirm();
    scene.driver.advance(100);
    report(scene, "b", completed, { readyMs: 0, startMs: 1, endMs: 41 });
    assert.equal(scene.view.performance?.predicted, 0);
    report(scene, "a", completed, { readyMs: 0, startMs: 1, endMs: 101 });
    const { predicted, predictionError } = scene.view.performance ?? {};
    assert.deepEqual([predicted, predictionError], [1, 0.5]);
  });
});

describe("spans of time", () => {
  const periods = [
    { fromMs: 10, toMs: 20 },
    { fromMs: 30, toMs: 50 },
  ];

  it("are measured within a time", () => {
    const table = [
      [0, 5, 0],
      [0, 15, 5],
      [12, 18, 6],
      [0, 100, 30],
      [20, 30, 0],
      [15, 35, 10],
      [40, 40, 0],
      [60, 20, 0],
    ] as const;
    const measured = new Periods(periods);
    for (const [fromMs, toMs, ms] of table)
      assert.equal(measured.between(fromMs, toMs), ms, `${fromMs} ${toMs}`);
  });

  it("can be subtracted from each other", () => {
    assert.deepEqual(without(periods, [{ fromMs: 15, toMs: 40 }]), [
      { fromMs: 10, toMs: 15 },
      { fromMs: 40, toMs: 50 },
    ]);
    assert.deepEqual(without(periods, [{ fromMs: 0, toMs: 60 }]), []);
    assert.deepEqual(without(periods, []), periods);
  });
});
