import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddTasksRequest, Mode, SignalWork } from "@tutti/contracts/session/v1";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { EndChild } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { experience } from "@tutti/machine-entities/experience";
import {
  addTasks,
  beginSession,
  cancelSession,
  confirmLocks,
  endChild,
  explainSession,
  moveTasks,
  pauseSession,
  recordChoice,
  refuseOperation,
  resumeSession,
  retrySession,
  settleDependency,
  signalSession,
  terminateSession,
} from "../index.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: planned, MODE_HYBRID: hybrid } = Mode;
const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;
const running = WorkStatus.WORK_STATUS_RUNNING;

function send<Body>(scene: SessionScene, command: Parameters<typeof scene.driver.execute>[1], body: Body) {
  return scene.driver.execute(scene.key, command, body);
}

describe("a session in one mode", () => {
  it("has its tasks done by one part, and returns their outputs by id", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"])]);
    const { effect } = scene.effect("start_part", "p1");
    assert.deepEqual(
      effect.tasks.map(({ id }) => id),
      ["a", "b"],
    );
    scene.confirm();
    scene.done("p1", "a", 1);
    assert.equal(scene.view.status, running);
    scene.done("p1", "b", { n: 2 });
    assert.equal(scene.operate()?.$case, "close", "nothing more comes");
    scene.endPart();
    assert.equal(scene.view.status, completed);
    assert.deepEqual(scene.output, { a: 1, b: { n: 2 } });
    assert.deepEqual(scene.requested, []);
  });

  it("returns the value of its output expression", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b")], {
      output: "tasks.a.output + tasks.b.output",
    });
    scene.confirm();
    const notes = ["a", "b"].map((id) => scene.noteOf(id, TaskStatus.TASK_STATUS_COMPLETED, 20));
    scene.endPart("p1", completed, notes);
    assert.equal(scene.output, 40);
  });

  it("fails with the first failure that no task was waiting for, and a run compensates before", () => {
    const tasks = [taskSpec("a"), taskSpec("b")];
    tasks[1] = { ...taskSpec("b"), needs: [{ task: "a", condition: NeedCondition.NEED_CONDITION_FAILURE }] };
    const awaited = SessionScene.of(swarm, tasks);
    awaited.confirm();
    awaited.note("p1", "a", TaskStatus.TASK_STATUS_FAILED);
    assert.equal(awaited.view.status, running);
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    scene.note("p1", "a", TaskStatus.TASK_STATUS_FAILED);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    const { status, outcome } = scene.view;
    assert.equal(status, failed);
    assert.equal(outcome?.result?.$case === "failed" ? outcome.result.value.cause?.code : "", "work.broken");
    const run = SessionScene.of(workflow, [taskSpec("a"), taskSpec("b")]);
    run.confirm();
    run.note("p1", "a", TaskStatus.TASK_STATUS_FAILED);
    assert.equal(run.view.status, running, "its end is waited for");
    run.endPart("p1", failed);
    assert.equal(run.view.status, failed);
  });

  it("starts when its dependencies have ended as required and its locks are acquired", () => {
    const dependsOn = [{ session: { kind: "session", id: "first" } }];
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn, locks: [{ name: "press" }] });
    assert.deepEqual(scene.requested, ["await_session"]);
    accepted(
      scene.driver.settle(scene.effect("await_session"), settleDependency, {
        dependency: 0,
        status: completed,
      }),
    );
    assert.deepEqual(scene.requested, ["hold_locks"]);
    assert.match(scene.view.statusReason, /press/);
    accepted(send(scene, confirmLocks, {}));
    assert.deepEqual(scene.requested, ["hold_locks", "start_part p1"]);
    const late = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    accepted(
      late.driver.settle(late.effect("await_session"), settleDependency, { dependency: 0, status: failed }),
    );
    assert.equal(late.view.status, failed);
  });

  it("receives early signals once it has started, as do all of its parts", () => {
    const dependsOn = [{ session: { kind: "session", id: "first" } }];
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    const signal = (name: string) => send(scene, signalSession, SignalWork.fromPartial({ signal: name }));
    accepted(signal("hurry"));
    accepted(signal("now"));
    accepted(
      scene.driver.settle(scene.effect("await_session"), settleDependency, {
        dependency: 0,
        status: completed,
      }),
    );
    scene.confirm();
    accepted(signal("later"));
    const received = ["hurry", "now", "later"].map(() => scene.operate());
    assert.deepEqual(
      received.map((each) => (each?.$case === "signal" ? each.value.signal : each?.$case)),
      ["hurry", "now", "later"],
      "once, in their order",
    );
    assert.deepEqual(scene.requested, ["follow_part p1"]);
    assert.equal(
      codeOf(send(scene, signalSession, SignalWork.fromPartial({ partId: "p7" }))),
      "session.part_missing",
    );
  });

  it("is paused, resumes, is cancelled with its parts, and ends at once when terminated", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")]);
    scene.confirm();
    accepted(send(scene, pauseSession, { reason: "lunch" }));
    assert.equal(scene.operate()?.$case, "pause");
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_PAUSED);
    const eventCount = scene.events.length;
    accepted(send(scene, pauseSession, { reason: "again" }));
    assert.equal(scene.events.length, eventCount, "a second pause changes nothing");
    accepted(send(scene, resumeSession, { reason: "" }));
    assert.equal(scene.operate()?.$case, "resume");
    accepted(send(scene, cancelSession, { reason: "enough" }));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_CANCELLING);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_CANCELLED);
    const other = SessionScene.of(workflow, [taskSpec("a")]);
    accepted(send(other, terminateSession, { reason: "" }));
    assert.equal(other.view.status, WorkStatus.WORK_STATUS_TERMINATED);
    assert.equal(codeOf(send(other, pauseSession, { reason: "" })), "session.ended");
  });

  it("refuses circles, needs without an end and ids that are there twice, by name", () => {
    for (const [tasks, pattern] of [
      [[taskSpec("a", ["b"]), taskSpec("b", ["a"])], /task [ab].*cycle/],
      [[taskSpec("a", ["gone"])], /task a.*gone/],
      [[taskSpec("a"), taskSpec("a")], /task a.*more than once/],
    ] as const)
      assert.throws(() => SessionScene.of(swarm, tasks), pattern);
  });

  it("is the same under the same id, and another is a conflict", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")]);
    const order = scene.state.order;
    assert.ok(order !== undefined);
    assert.equal(accepted(scene.driver.execute(scene.key, beginSession, { order })).existed, true);
    const other = { ...order, requestHash: Uint8Array.of(9) };
    assert.equal(codeOf(send(scene, beginSession, { order: other })), "session.conflict");
  });

  it("is retried from the tasks that did not complete", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    scene.confirm();
    scene.done("p1", "a", 1);
    scene.note("p1", "b", TaskStatus.TASK_STATUS_FAILED);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    accepted(send(scene, retrySession, { taskIds: [], reason: "" }));
    const { effect } = scene.effect("start_part", "p2");
    assert.deepEqual([effect.tasks.map(({ id }) => id), effect.elsewhere], [["b", "c"], ["a"]]);
    scene.confirm("p2");
    const operation = scene.operate("p2");
    assert.deepEqual(operation, { $case: "bringIn", value: { tasks: [0], elsewhere: [] } });
    assert.equal(codeOf(send(scene, retrySession, { taskIds: [], reason: "" })), "session.not_failed");
  });

  it("is not retried if it completed, or a user ended it", () => {
    const retry = { taskIds: ["a"], reason: "" };
    const well = SessionScene.of(swarm, [taskSpec("a")]);
    well.confirm();
    well.done("p1", "a");
    well.operate();
    well.endPart();
    assert.equal(well.view.status, completed);
    assert.equal(codeOf(send(well, retrySession, retry)), "session.not_failed");
    for (const ending of [cancelSession, terminateSession]) {
      const stopped = SessionScene.of(swarm, [taskSpec("a")]);
      stopped.confirm();
      accepted(send(stopped, ending, { reason: "enough" }));
      if (ending === cancelSession) stopped.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
      const refused = send(stopped, retrySession, retry);
      assert.equal(codeOf(refused), "session.not_failed");
      assert.match(isRefusal(refused) ? refused.message : "", /Session `s` was (cancelled|terminated)/);
    }
  });
});

describe("a session in several parts", () => {
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
  const split = () => {
    const scene = SessionScene.of(hybrid, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    const parts = [
      { mode: workflow, tasks: [0, 2], reason: "ends", elsewhere: [], budget: undefined },
      { mode: swarm, tasks: [1], reason: "middle", elsewhere: [], budget: undefined },
    ];
    accepted(scene.driver.settle(scene.effect("choose_mode"), recordChoice, { choice, mode: hybrid, parts }));
    return scene;
  };

  it("records the outcome of the choice of its mode when it ends", () => {
    const scene = SessionScene.of(Mode.MODE_ADAPTIVE, [taskSpec("a")]);
    const candidate = {
      ...{ mode: swarm, taskIds: [], eligible: true, expectedMs: 1_000, highMs: 2_000, expectedQuality: 1 },
      ...{ expectedUse: { tokens: 0, money: 0, timeMs: 1_000 }, score: 1, reason: "" },
    };
    const modeChoice = { ...choice, kind: "mode", candidates: [candidate] };
    const parts = [{ mode: swarm, tasks: [0], reason: "", elsewhere: [], budget: undefined }];
    accepted(
      scene.driver.settle(scene.effect("choose_mode"), recordChoice, {
        choice: modeChoice,
        mode: swarm,
        parts,
      }),
    );
    scene.confirm();
    scene.driver.advance(2_000);
    scene.done("p1", "a");
    scene.endPart();
    const { realMs, quality, score } = scene.state.choices[0]?.outcome ?? { realMs: 0, quality: 0, score: 0 };
    assert.deepEqual([realMs, quality], [2_000, 1]);
    assert.ok(score > 0 && score <= 1, "twice the time is worth less");
  });

  it("reports the outcome of its choice once it has completed, with the expected loss of exploration", () => {
    const scene = SessionScene.of(Mode.MODE_ADAPTIVE, [taskSpec("a")]);
    const candidateOf = (mode: Mode, expectedMs: number, score: number) => ({
      ...{ mode, taskIds: [], eligible: true, expectedMs, highMs: 2_000, expectedQuality: 1 },
      ...{ expectedUse: undefined, score, reason: "" },
    });
    const candidates = [candidateOf(workflow, 700, 1), candidateOf(swarm, 1_000, 0.7)];
    const features = { tasks: 1, "predictedMs.swarm": 900 };
    const modeChoice = { ...choice, kind: "mode", features, candidates, chosen: 1, explored: true };
    const parts = [{ mode: swarm, tasks: [0], reason: "", elsewhere: [], budget: undefined }];
    const settled = { choice: modeChoice, mode: swarm, parts };
    accepted(scene.driver.settle(scene.effect("choose_mode"), recordChoice, settled));
    scene.confirm();
    scene.driver.advance(2_000);
    scene.done("p1", "a");
    scene.endPart();
    accepted(scene.driver.deliver() as object);
    const key = { namespace: scene.key.namespace, kind: "experience", id: scene.key.namespace };
    const { endMs } = scene.state;
    assert.deepEqual(scene.driver.state(key, experience).choices, [
      {
        sessionId: scene.key.id,
        features,
        mode: swarm,
        expectedMs: 1_000,
        lostMs: 300,
        realMs: 2_000,
        endMs,
      },
    ]);
  });

  it("passes the outcome of a task to each part that needs it, once", () => {
    const scene = split();
    assert.deepEqual(scene.effect("start_part", "p1").effect.elsewhere, ["b"]);
    assert.deepEqual(scene.effect("start_part", "p2").effect.elsewhere, ["a"]);
    scene.confirm("p1");
    scene.confirm("p2");
    scene.done("p1", "a");
    assert.deepEqual(scene.operate("p2"), {
      $case: "bringIn",
      value: { tasks: [0], elsewhere: [] },
    });
    scene.done("p1", "a", "again");
    scene.done("p2", "b");
    assert.deepEqual(scene.operate("p1"), {
      $case: "bringIn",
      value: { tasks: [1], elsewhere: [] },
    });
    scene.done("p1", "c");
    scene.endPart("p1");
    assert.equal(scene.operate("p2")?.$case, "close");
    scene.endPart("p2");
    assert.deepEqual(scene.output, { a: "a", b: "b", c: "c" });
  });

  it("moves pending tasks when their part has released them, but not tasks that have started", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    scene.confirm();
    scene.note("p1", "a", TaskStatus.TASK_STATUS_RUNNING);
    const move = (taskIds: string[], mode: Mode = planned) =>
      send(scene, moveTasks, { taskIds, mode, reason: "room" });
    assert.equal(codeOf(move(["a"])), "session.task_begun");
    assert.equal(codeOf(move(["b"], hybrid)), "session.mode_unfit");
    accepted(move(["b", "c"]));
    assert.equal(scene.operate("p1", ["b"])?.$case, "withdraw");
    const [move1] = scene.state.moves;
    assert.deepEqual(
      [scene.state.moves.length, move1?.task, move1?.toPart, move1?.reason],
      [1, 1, 1, "room"],
    );
    assert.deepEqual([...(scene.state.parts[0]?.tasks ?? [])], [0, 2]);
    scene.confirm("p2");
    assert.ok(scene.requested.includes("plan_part p2"));
    const { summary } = accepted(scene.driver.query(scene.key, explainSession, { taskId: "b" }));
    assert.match(summary, /; it moved from \w+ to intelligence: room$/);
  });

  it("gives tasks that a part rejects to another part", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")]);
    scene.confirm();
    accepted(send(scene, addTasks, AddTasksRequest.fromPartial({ tasks: [taskSpec("b")] })));
    const error = { code: "mission.mission_ended", message: "it is over" };
    const refused = scene.effect("operate_part", "p1");
    accepted(scene.driver.settle(refused, refuseOperation, { error: { ...noError, ...error } }));
    assert.deepEqual(
      scene.effect("start_part", "p2").effect.tasks.map(({ id }) => id),
      ["b"],
    );
  });

  it("rejects added tasks with a cycle by name, and suggests a new id for an existing task that needs more", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")]);
    scene.confirm();
    const add = (...tasks: ReturnType<typeof taskSpec>[]) => {
      const reply = send(scene, addTasks, AddTasksRequest.fromPartial({ tasks }));
      return isRefusal(reply) ? reply.message : "";
    };
    assert.match(add(taskSpec("b", ["c"]), taskSpec("c", ["b"])), /^task [bc]: .*(b.*c|c.*b)/);
    assert.equal(add(taskSpec("b", ["a"])), "");
    assert.match(add(taskSpec("a", ["b"])), /^task a: expected a new task, .* under another id/);
    assert.match(add(taskSpec("c"), taskSpec("c")), /^task c: expected every task once/);
  });

  it("checks the tasks of a part once more when the part reports its end", () => {
    const scene = SessionScene.of(workflow, [taskSpec("a")]);
    scene.confirm();
    const ending = { runId: scene.effect("follow_part").effect.workId, status: completed };
    accepted(send(scene, endChild, EndChild.fromPartial({ taskId: "p1", ending })));
    const { effect, attempt } = scene.effect("follow_part");
    assert.deepEqual([effect.isOver, attempt], [true, 2]);
    scene.endPart("p1", completed, [scene.noteOf("a", TaskStatus.TASK_STATUS_COMPLETED, 1)]);
    assert.equal(scene.view.status, completed);
  });

  it("fails when a part ends otherwise than well", () => {
    const scene = split();
    scene.confirm("p1");
    scene.confirm("p2");
    scene.endPart("p2", WorkStatus.WORK_STATUS_TERMINATED);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    const { result } = scene.view.outcome ?? {};
    assert.equal(result?.$case === "failed" ? result.value.code : "", "session.part_failed");
  });
});

const noError = {
  ...{ retry: 1 as const, retryAfterMs: 0, violations: [], details: {}, cause: undefined },
  ...{ notOwner: undefined, status: "" },
};
