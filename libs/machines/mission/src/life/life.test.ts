import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CancelMission,
  DecideMissionQuestion,
  MissionOrder,
  PauseMission,
  PutEntriesRequest,
  RemoveMission,
  ResumeMission,
  SendMessagesRequest,
  StopKind,
  TerminateMission,
  WithdrawMission,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask, NoteAttempt, NoteProgress } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import {
  beginMission,
  cancelMission,
  completeTask,
  decideQuestion,
  explainMission,
  failTask,
  noteAttempt,
  noteProgress,
  pauseMission,
  putEntries,
  removeMission,
  resumeMission,
  sendMessages,
  terminateMission,
  withdrawMission,
} from "../index.ts";
import { accepted, codeOf, json, MissionScene, orderOf, taskSpec } from "../testing/index.ts";

const { TASK_STATUS_SKIPPED: skipped, TASK_STATUS_CANCELLED: cancelled } = TaskStatus;

function done(scene: MissionScene, id: string, output: unknown = null) {
  const body = CompleteTask.fromPartial({
    agent: "anna",
    output: new TextEncoder().encode(JSON.stringify(output)),
  });
  accepted(scene.driver.settle(scene.offer(id), completeTask, body));
}

function broken(scene: MissionScene, id: string) {
  accepted(
    scene.driver.settle(
      scene.offer(id),
      failTask,
      FailTask.fromPartial({ agent: "anna", error: { code: "x.y" } }),
    ),
  );
}

function write(scene: MissionScene, key: string, value: unknown) {
  accepted(
    scene.driver.execute(
      scene.key,
      putEntries,
      PutEntriesRequest.fromPartial({ writes: [{ key, value: json(value) }] }),
    ),
  );
}

function decide(scene: MissionScene, approvalId: string, approved: boolean) {
  return scene.driver.execute(
    scene.key,
    decideQuestion,
    DecideMissionQuestion.fromPartial({ approvalId, approved }),
  );
}

function explanationOf(scene: MissionScene, taskId = ""): string {
  return accepted(scene.driver.query(scene.key, explainMission, { taskId })).summary;
}

describe("a mission", () => {
  it("does tasks as their needs are met: by success, failure, or in any case", () => {
    const scene = MissionScene.of({
      tasks: [
        taskSpec("a"),
        taskSpec("well", { needs: [{ task: "a" }] }),
        taskSpec("badly", { needs: [{ task: "a", condition: 2 }] }),
        taskSpec("anyway", { needs: [{ task: "a", condition: 3 }] }),
        taskSpec("after", { needs: [{ task: "well" }] }),
      ],
    });
    assert.match(explanationOf(scene, "well"), /it needs a to end first/);
    broken(scene, "a");
    assert.deepEqual(scene.offers, ["badly", "anyway"]);
    assert.deepEqual([scene.task("well").status, scene.task("after").status], [skipped, skipped]);
    done(scene, "badly");
    done(scene, "anyway");
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED, "something was there for the failure");
  });

  it("starts a task that needs a skipped task to be done, and skips a task that needs its success", () => {
    const scene = MissionScene.of({
      tasks: [
        taskSpec("a", { when: "false" }),
        taskSpec("done", { needs: [{ task: "a", condition: 4 }] }),
        taskSpec("well", { needs: [{ task: "a" }] }),
        taskSpec("after", { needs: [{ task: "well", condition: 4 }] }),
      ],
    });
    assert.deepEqual(scene.offers, ["done"]);
    assert.deepEqual([scene.task("well").status, scene.task("after").status], [skipped, skipped]);
  });

  it("fails if a failed task has no task that handles the failure", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a")] });
    broken(scene, "a");
    const { status, outcome } = scene.view;
    assert.equal(status, WorkStatus.WORK_STATUS_FAILED);
    assert.ok(outcome?.result?.$case === "failed");
    assert.deepEqual(
      [outcome.result.value.code, outcome.result.value.cause?.code],
      ["mission.tasks_failed", "x.y"],
    );
  });

  it("resolves expressions when a task becomes ready, and skips a task whose condition is false", () => {
    const scene = MissionScene.of({
      input: json({ n: 3 }),
      tasks: [
        taskSpec("a", { input: json({ n: "${{ input.n + 1 }}" }) }),
        taskSpec("b", {
          needs: [{ task: "a" }],
          input: json({ got: "${{ tasks.a.output.x }}" }),
          labels: { n: "${{ input.n }}" },
        }),
        taskSpec("c", { when: "input.n > 5" }),
      ],
      output: "tasks.b.output",
    });
    assert.equal(Buffer.from(scene.offer("a").effect.input as Uint8Array).toString(), '{"n":4}');
    assert.equal(scene.task("c").status, skipped);
    done(scene, "a", { x: [1] });
    assert.equal(Buffer.from(scene.offer("b").effect.input as Uint8Array).toString(), '{"got":[1]}');
    assert.deepEqual(scene.offer("b").effect.details?.labels, { n: "3" });
    done(scene, "b", "well");
    const { outcome } = scene.view;
    assert.ok(outcome?.result?.$case === "completed" && outcome.result.value.body?.$case === "inline");
    assert.equal(Buffer.from(outcome.result.value.body.value).toString(), '"well"');
  });

  it("computes its output as specified, also from expressions in the texts of lists and objects", () => {
    for (const [output, expected] of [
      [
        '{"got":["${{ tasks.a.output.x }}"],"said":"x is ${{ tasks.a.output.x }}"}',
        '{"got":[1],"said":"x is 1"}',
      ],
      ['"x is ${{ tasks.a.output.x }}, n is ${{ input.n }}"', '"x is 1, n is 3"'],
      ['{"n":input.n}', '{"n":3}'],
    ] as const) {
      const scene = MissionScene.of({ input: json({ n: 3 }), tasks: [taskSpec("a")], output });
      done(scene, "a", { x: 1 });
      const { outcome } = scene.view;
      assert.ok(outcome?.result?.$case === "completed" && outcome.result.value.body?.$case === "inline");
      assert.equal(Buffer.from(outcome.result.value.body.value).toString(), expected);
    }
  });

  it("rejects invalid specifications, and names the task", () => {
    const start = (spec: Parameters<typeof orderOf>[0]) =>
      new MissionScene().driver.execute(new MissionScene().key, beginMission, { order: orderOf(spec) });
    const circle = start({
      tasks: [taskSpec("a", { needs: [{ task: "b" }] }), taskSpec("b", { needs: [{ task: "a" }] })],
    });
    assert.ok("message" in circle && /task a: .*cycle/.test(circle.message), JSON.stringify(circle));
    for (const [spec, code] of [
      [{ tasks: [taskSpec("a", { needs: [{ task: "z" }] })] }, "mission.task_invalid"],
      [{ tasks: [taskSpec("a"), taskSpec("a")] }, "mission.task_exists"],
      [{ tasks: [taskSpec("a", { when: "1 +" })] }, "mission.task_invalid"],
      [{ tasks: [taskSpec("a", { input: json("${{ nothing.there }}") })] }, "mission.task_invalid"],
      [{ stopConditions: [{ name: "s", condition: "'text'" }] }, "mission.order_invalid"],
      [{ output: "what(" }, "mission.order_invalid"],
      [{ output: '{"n":"${{ what( }}"}' }, "mission.order_invalid"],
      [{ maxTasks: 1, tasks: [taskSpec("a"), taskSpec("b")] }, "mission.too_many_tasks"],
    ] as const)
      assert.equal(codeOf(start(spec as Parameters<typeof orderOf>[0])), code);
  });

  it("is the same when it is started again, and another specification is a conflict", () => {
    const scene = MissionScene.of({}, { requestHash: Uint8Array.of(1) });
    const restart = (hash: number, spec: Parameters<typeof orderOf>[0] = {}) =>
      scene.driver.execute(scene.key, beginMission, {
        order: orderOf(spec, { requestHash: Uint8Array.of(hash) }),
      });
    assert.deepEqual(accepted(restart(1)).existed, true);
    assert.equal(codeOf(restart(2)), "mission.mission_conflict");
    const refused = restart(2, { maxTasks: 7 });
    assert.ok(isRefusal(refused));
    assert.match(refused.message, /already exists, and differs in `maxTasks`\. /);
  });

  it("pauses: no new task starts, and running tasks can end before it resumes", () => {
    const scene = MissionScene.of({
      tasks: [taskSpec("a"), taskSpec("b"), taskSpec("c", { needs: [{ task: "a" }] })],
    });
    accepted(scene.driver.settle(scene.offer("a"), noteAttempt, NoteAttempt.fromPartial({ agent: "anna" })));
    accepted(
      scene.driver.settle(
        scene.offer("a"),
        noteProgress,
        NoteProgress.fromPartial({ saved: Uint8Array.of(7), fraction: 0.5 }),
      ),
    );
    accepted(scene.driver.execute(scene.key, pauseMission, PauseMission.create()));
    assert.deepEqual(scene.offers, ["a"], "a task that waits for an agent is taken back");
    done(scene, "a");
    assert.deepEqual([scene.offers, scene.view.status], [[], WorkStatus.WORK_STATUS_PAUSED]);
    accepted(scene.driver.execute(scene.key, resumeMission, ResumeMission.create()));
    assert.deepEqual(scene.offers.sort(), ["b", "c"]);
  });

  it("is cancelled with all that is open, terminated, and removed once it has ended", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a")], retentionMs: 5_000 });
    const remove = () => codeOf(scene.driver.execute(scene.key, removeMission, RemoveMission.create()));
    assert.equal(remove(), "mission.mission_goes_on");
    accepted(scene.driver.execute(scene.key, cancelMission, CancelMission.fromPartial({ reason: "enough" })));
    assert.deepEqual(
      [scene.view.status, scene.task("a").status, scene.offers],
      [WorkStatus.WORK_STATUS_CANCELLED, cancelled, []],
    );
    assert.equal(
      codeOf(scene.driver.execute(scene.key, terminateMission, TerminateMission.create())),
      "mission.mission_ended",
    );
    assert.equal(scene.driver.description(scene.key).keepMs, 5_000);
    assert.equal(remove(), "done");
    assert.equal(scene.driver.description(scene.key).removedMs, scene.driver.nowMs);
  });

  it("does not start if its parent withdrew it before", () => {
    const scene = new MissionScene();
    const parent = { namespace: "default", kind: "run", id: "r", task: "t" };
    accepted(scene.driver.execute(scene.key, withdrawMission, WithdrawMission.fromPartial({ parent })));
    const started = accepted(
      scene.driver.execute(scene.key, beginMission, {
        order: MissionOrder.fromPartial({ spec: {}, parent }),
      }),
    );
    assert.deepEqual([started.existed, started.status], [true, WorkStatus.WORK_STATUS_CANCELLED]);
  });

  it("fails when its timeout expires", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a")], timeoutMs: 5_000 });
    scene.driver.advance(5_000);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("does a bounded amount of work in one step, and the rest in the next step", () => {
    const input = json("x".repeat(200_000));
    const scene = MissionScene.of({ tasks: ["a", "b", "c", "d", "e"].map((id) => taskSpec(id, { input })) });
    assert.equal(scene.offers.length, 3);
    scene.driver.advance(1);
    assert.equal(scene.offers.length, 5);
  });
});

describe("stop conditions", () => {
  it("complete the mission, fail it, or request an approval", () => {
    const stops = [
      { name: "good", condition: "board.x == 1", kind: StopKind.STOP_KIND_COMPLETE },
      { name: "bad", condition: "board.x == 2", kind: StopKind.STOP_KIND_FAIL },
      { name: "ask", condition: "board.x == 3", kind: StopKind.STOP_KIND_APPROVAL },
    ];
    const withX = (x: number) => {
      const scene = MissionScene.of({ stopConditions: stops, tasks: [taskSpec("a")] });
      write(scene, "x", x);
      return scene;
    };
    assert.equal(withX(1).view.status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.equal(withX(2).view.status, WorkStatus.WORK_STATUS_FAILED);
    const scene = withX(3);
    assert.equal(scene.view.openApprovals, 1);
    accepted(decide(scene, "q1", false));
    write(scene, "y", 1);
    write(scene, "x", 3);
    assert.equal(scene.view.openApprovals, 0, "a no is a no");
    assert.equal(codeOf(decide(scene, "q1", true)), "mission.approval_closed");
    const other = withX(3);
    accepted(decide(other, "q1", true));
    assert.equal(other.view.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("keep a mission running after all tasks have ended, and the explanation names them", () => {
    const scene = MissionScene.of({
      stopConditions: [{ name: "done", condition: "board.done" }],
      tasks: [taskSpec("a")],
    });
    done(scene, "a");
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING);
    assert.match(explanationOf(scene), /none of its stop conditions holds: done \(/);
    write(scene, "done", true);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("that read the time are evaluated as it passes", () => {
    const scene = MissionScene.of({
      stopConditions: [{ name: "late", condition: "time.elapsedMs >= 30000.0" }],
    });
    scene.driver.advance(29_000);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING);
    scene.driver.advance(11_000);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("that read all of many entries are evaluated once a second", () => {
    const scene = MissionScene.of({ stopConditions: [{ name: "many", condition: "size(board) > 200" }] });
    const writes = Array.from({ length: 201 }, (_, index) => ({ key: `k${index}`, value: json(index) }));
    accepted(scene.driver.execute(scene.key, putEntries, PutEntriesRequest.fromPartial({ writes })));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING);
    scene.driver.advance(1_000);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
  });
});

describe("trouble", () => {
  const never = [{ name: "never", condition: "board.never == 1" }];
  const sendMessage = (scene: MissionScene) =>
    accepted(
      scene.driver.execute(
        scene.key,
        sendMessages,
        SendMessagesRequest.fromPartial({
          agentId: "anna",
          messages: [{ to: { target: { $case: "topic", value: "t" } }, body: json("again") }],
        }),
      ),
    );

  it("is reported when an agent repeats itself, and no new task starts until a person has decided", () => {
    const scene = MissionScene.of({ stopConditions: never, loopThreshold: 2, tasks: [taskSpec("a")] });
    scene.join("anna");
    sendMessage(scene);
    sendMessage(scene);
    assert.equal(scene.view.trouble, "");
    sendMessage(scene);
    assert.match(scene.view.trouble, /anna sent the same message to topic t repeatedly/);
    assert.deepEqual(scene.offers, []);
    accepted(decide(scene, "q1", true));
    assert.deepEqual([scene.offers, scene.view.trouble], [["a"], ""]);
    sendMessage(scene);
    assert.equal(scene.view.trouble, "", "it is counted from 0 again");
  });

  it("is reported when agents add the same task again and again, and a rejection ends the mission", () => {
    const scene = MissionScene.of({ stopConditions: never, loopThreshold: 2 });
    scene.join("anna");
    for (const id of ["a", "b", "c"]) accepted(scene.add([taskSpec(id)], "anna"));
    assert.match(scene.view.trouble, /the task c was added/);
    accepted(decide(scene, "q1", false));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("is not reported for tasks that a user adds at once", () => {
    const scene = MissionScene.of({ stopConditions: never, loopThreshold: 2 });
    accepted(scene.add(["a", "b", "c", "d"].map((id) => taskSpec(id))));
    assert.equal(scene.view.trouble, "");
  });

  it("is reported when nothing progresses for too long, and ends with a decision or with progress", () => {
    const scene = MissionScene.of({ stuckAfterMs: 5_000, tasks: [taskSpec("a"), taskSpec("b")] });
    scene.driver.advance(4_000);
    done(scene, "a");
    scene.driver.advance(4_999);
    assert.equal(scene.view.trouble, "");
    scene.driver.advance(1);
    assert.match(scene.view.trouble, /no task was completed/);
    assert.deepEqual(scene.offers, ["b"], "work goes on");
    accepted(decide(scene, "q1", true));
    scene.driver.advance(5_000);
    assert.equal(scene.view.openApprovals, 1, "and it is found again");
    scene.driver.advance(1);
    write(scene, "x", 1);
    assert.deepEqual(
      [scene.view.openApprovals, scene.view.trouble],
      [0, ""],
      "it makes progress: no person has to decide",
    );
  });
});
