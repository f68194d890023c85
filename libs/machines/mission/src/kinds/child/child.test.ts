import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CancelMission,
  DelegateTaskRequest,
  MissionOrder,
  TerminateMission,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { ConfirmChild, EndChild, RefuseChild } from "@tutti/contracts/workflow/v1";
import type { StartMissionChild } from "../../core/state/effects.ts";
import {
  beginMission,
  cancelMission,
  confirmChild,
  delegateTask,
  endChild,
  mission,
  refuseChild,
  showMessages,
  terminateMission,
} from "../../index.ts";
import { accepted, codeOf, MissionScene, taskSpec } from "../../testing/index.ts";

const flow = {
  work: {
    $case: "workflow" as const,
    value: { name: "flow", version: { $case: "label" as const, value: "stable" } },
  },
};
const sub = { work: { $case: "mission" as const, value: { name: "more" } } };
const {
  WORK_STATUS_COMPLETED: completed,
  WORK_STATUS_FAILED: failed,
  WORK_STATUS_CANCELLED: cancelled,
} = WorkStatus;

function start(scene: MissionScene): StartMissionChild {
  return scene.effect().effect as StartMissionChild;
}

function confirm(scene: MissionScene) {
  accepted(scene.driver.settle(scene.effect(), confirmChild, ConfirmChild.fromPartial({ hash: "h" })));
}

function ended(scene: MissionScene, runId: string, status: WorkStatus, tokens = 0) {
  const body = { taskId: "kid", ending: { runId, status, output: Uint8Array.of(55) }, used: { tokens } };
  return accepted(scene.driver.execute(scene.key, endChild, EndChild.fromPartial(body)));
}

describe("a task that a child does", () => {
  it("is started by an effect, and ended by a message with its output", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("kid", flow)] });
    const { childKind, childId, definition, label, depth, depthLeft } = start(scene);
    assert.deepEqual([childKind, definition, label, depth, depthLeft], ["run", "flow", "stable", 1, 7]);
    confirm(scene);
    assert.equal(scene.task("kid").status, TaskStatus.TASK_STATUS_WAITING);
    ended(scene, "another", completed);
    assert.equal(
      scene.task("kid").status,
      TaskStatus.TASK_STATUS_WAITING,
      "the end of a foreign child has no task",
    );
    ended(scene, childId, completed);
    assert.equal(scene.view.status, completed);
  });

  it("is retried by its policy, with another child", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("kid", { ...flow, retry: { maxAttempts: 3 } })] });
    const first = start(scene).childId;
    accepted(
      scene.driver.settle(scene.effect(), refuseChild, RefuseChild.fromPartial({ error: { code: "no" } })),
    );
    scene.driver.advance(1_000);
    const second = start(scene).childId;
    assert.notEqual(first, second);
    confirm(scene);
    ended(scene, second, failed);
    scene.driver.advance(2_000);
    confirm(scene);
    ended(scene, second, completed);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING, "it is the third that counts now");
  });

  it("receives a part of the budget, and returns the unused amount", () => {
    const scene = MissionScene.of({
      tasks: [taskSpec("kid", flow), taskSpec("a", { needs: [{ task: "kid" }] })],
      budget: { amounts: { tokens: 10 } },
    });
    assert.equal(start(scene).budget?.tokens, 10, "no estimate is set: it gets the rest of the budget");
    confirm(scene);
    ended(scene, start0, completed, 4);
    const { budget } = scene.view;
    assert.deepEqual([budget?.spent?.tokens, budget?.reserved?.tokens, budget?.available?.tokens], [4, 0, 6]);
  });
  const start0 = "m..kid..0";

  it("fails if the maximum depth is reached", () => {
    const scene = MissionScene.of(
      { tasks: [taskSpec("kid", sub)], budget: { maxDepth: 2 } },
      { depthLeft: 0 },
    );
    assert.equal(scene.view.status, failed);
  });

  it("is cancelled with its mission, which waits for the final use of the child", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("kid", sub)], budget: { amounts: { tokens: 10 } } });
    const child = { namespace: "default", kind: "mission", id: start(scene).childId };
    const parent = { namespace: "default", kind: "mission", id: "m", task: "kid" };
    const order = MissionOrder.fromPartial({
      spec: { tasks: [taskSpec("x")] },
      parent,
      parentBudget: { tokens: 10 },
    });
    accepted(scene.driver.execute(child, beginMission, { order }));
    confirm(scene);
    accepted(scene.driver.execute(scene.key, cancelMission, CancelMission.create()));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_CANCELLING);
    assert.match(scene.view.statusReason, /waits for 1 children/);
    assert.equal(codeOf(scene.add([taskSpec("late")])), "mission.mission_ended", "it would never start");
    scene.driver.deliverAll();
    assert.deepEqual([scene.view.status, scene.driver.description(child).status], [cancelled, cancelled]);
    assert.equal(scene.view.budget?.spent?.tokens, 0);
  });

  it("withdraws a child whose start is in progress, and the child does not start later", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("kid", sub)] });
    const child = { namespace: "default", kind: "mission", id: start(scene).childId };
    accepted(scene.driver.execute(scene.key, cancelMission, CancelMission.create()));
    scene.driver.deliverAll();
    assert.equal(scene.driver.description(child).status, cancelled);
    const parent = { namespace: "default", kind: "mission", id: "m", task: "kid" };
    const late = MissionOrder.fromPartial({ spec: {}, parent });
    assert.equal(accepted(scene.driver.execute(child, beginMission, { order: late })).existed, true);
  });

  it("counts all that was set aside for it when the mission is ended by force", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("kid", sub)], budget: { amounts: { tokens: 10 } } });
    confirm(scene);
    accepted(scene.driver.execute(scene.key, terminateMission, TerminateMission.create()));
    assert.equal(scene.view.budget?.spent?.tokens, 10);
    assert.equal(mission.kind, "mission");
  });
});

describe("a part that is delegated", () => {
  const claimed = 2;
  const delegate = (
    scene: MissionScene,
    agentId: string,
    claimId: string,
    id: string,
    authority = {},
    capability = "work",
  ) =>
    scene.driver.execute(
      scene.key,
      delegateTask,
      DelegateTaskRequest.fromPartial({
        ...{ agentId, claimId, authority },
        task: taskSpec(id, { work: { $case: "capability", value: capability } }),
      }),
    );
  const started = (tokens = 6) => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [taskSpec("whole", { estimate: { tokens } })],
      budget: { amounts: { tokens: 10 } },
    });
    scene.join("anna");
    scene.join("ben");
    const [whole] = scene.claim("anna");
    return { scene, claimId: whole?.claim?.claimId ?? "" };
  };

  it("is done by another agent while the claim stays, reports its outcome, and returns its unused budget", () => {
    const { scene, claimId } = started();
    accepted(delegate(scene, "anna", claimId, "part", { budget: { tokens: 4 } }));
    const parts = scene.claim("ben");
    assert.deepEqual(
      parts.map(({ parentTaskId }) => parentTaskId),
      ["whole"],
    );
    scene.complete("ben", parts, "done", { tokens: 1 });
    const options = { afterNumber: 0, agentId: "anna", taskId: "", size: 9 };
    const [message] = accepted(scene.driver.query(scene.key, showMessages, options)).messages;
    assert.ok(message?.body?.body?.$case === "inline");
    assert.deepEqual(JSON.parse(Buffer.from(message.body.body.value).toString()), {
      task: "part",
      status: "completed",
      output: "done",
    });
    assert.deepEqual([scene.state.spent.tokens, scene.state.tasks[0]?.reserved?.tokens], [1, 5]);
  });

  it("with its own budget can be claimed past tasks that the budget blocks, and no other task can", () => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [
        taskSpec("whole", { estimate: { tokens: 6 } }),
        taskSpec("large", { estimate: { tokens: 9 } }),
        taskSpec("small", { estimate: { tokens: 1 } }),
      ],
      budget: { amounts: { tokens: 10 } },
    });
    scene.join("anna");
    scene.join("ben");
    const [whole] = scene.claim("anna");
    accepted(delegate(scene, "anna", whole?.claim?.claimId ?? "", "part", { budget: { tokens: 4 } }));
    assert.deepEqual(
      scene.claim("ben", { count: 3 }).map(({ parentTaskId }) => parentTaskId),
      ["whole"],
    );
  });

  it("with an empty budget cannot be claimed if the mission has no budget left", () => {
    const { scene, claimId } = started(10);
    accepted(delegate(scene, "anna", claimId, "empty", { budget: {} }));
    assert.deepEqual(scene.claim("ben"), []);
    accepted(delegate(scene, "anna", claimId, "own", { budget: { tokens: 4 } }));
    assert.deepEqual(
      scene.claim("ben").map(({ spec }) => spec?.id),
      ["own"],
    );
  });

  it("cannot have more authority than its delegator", () => {
    const { scene, claimId } = started();
    assert.equal(
      codeOf(delegate(scene, "anna", claimId, "part", { budget: { tokens: 11 } })),
      "mission.authority_too_wide",
    );
    accepted(
      delegate(scene, "anna", claimId, "part", {
        capabilities: ["work"],
        mayDelegate: true,
        budget: { tokens: 2 },
      }),
    );
    const [part] = scene.claim("ben");
    const own = part?.claim?.claimId ?? "";
    const tooWide = (authority: object, capability = "work") =>
      codeOf(delegate(scene, "ben", own, "deep", authority, capability));
    assert.equal(tooWide({ capabilities: ["cook"] }), "mission.authority_too_wide");
    assert.equal(tooWide({ actions: ["all"] }), "mission.authority_too_wide");
    assert.equal(tooWide({ budget: { tokens: 3 } }), "mission.authority_too_wide");
    assert.equal(tooWide({}, "cook"), "mission.authority_too_wide");
    assert.equal(tooWide({ budget: { tokens: 1 } }), "done");
    const [deep] = scene.claim("ben");
    assert.equal(
      codeOf(delegate(scene, "ben", deep?.claim?.claimId ?? "", "deeper")),
      "mission.authority_too_wide",
    );
  });

  it("reserves nothing if it is skipped at once because its needs cannot be met", () => {
    const { scene, claimId } = started();
    accepted(scene.add([taskSpec("gone", { when: "false" })]));
    const task = taskSpec("part", { needs: [{ task: "gone" }] });
    const authority = { budget: { tokens: 4 }, expireTime: { seconds: 2_000_000_000, nanos: 0 } };
    const body = DelegateTaskRequest.fromPartial({ agentId: "anna", claimId, task, authority });
    accepted(scene.driver.execute(scene.key, delegateTask, body));
    assert.equal(scene.task("part").status, TaskStatus.TASK_STATUS_SKIPPED);
    assert.deepEqual([scene.state.reserved.tokens, scene.state.tasks[0]?.reserved?.tokens], [6, 6]);
  });

  it("ends with its parent task, and when its authority expires", () => {
    const { scene, claimId } = started();
    const seconds = Math.ceil(scene.driver.nowMs / 1_000) + 5;
    accepted(delegate(scene, "anna", claimId, "short", { expireTime: { seconds, nanos: 0 } }));
    accepted(delegate(scene, "anna", claimId, "long"));
    scene.driver.advance(6_000);
    assert.equal(scene.task("short").status, TaskStatus.TASK_STATUS_FAILED);
    const [whole] = scene.state.tasks;
    const board = scene.task(whole?.spec.id ?? "");
    scene.complete("anna", [board]);
    assert.equal(scene.task("long").status, TaskStatus.TASK_STATUS_CANCELLED);
    assert.equal(scene.view.status, completed);
  });
});
