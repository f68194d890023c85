import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandOffTaskRequest, ReleaseTasksRequest, RenewClaimsRequest } from "@tutti/contracts/swarm/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { CompleteTask, NoteAttempt } from "@tutti/contracts/workflow/v1";
import { lostMax } from "@tutti/machine-work";
import { completeTask, handOffTask, noteAttempt, releaseTasks, renewClaims } from "../../index.ts";
import { accepted, codeOf, json, MissionScene, taskSpec } from "../../testing/index.ts";

const claimed = 2;

function ids(tasks: readonly { spec: { id: string } | undefined }[]): string[] {
  return tasks.map(({ spec }) => spec?.id ?? "");
}

describe("tasks that agents claim", () => {
  it("go to the first claimant, and end the mission when all are done", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a"), taskSpec("b")] });
    scene.join("anna");
    scene.join("ben");
    assert.equal(scene.task("a").attempts, 0);
    const annas = scene.claim("anna");
    const bens = scene.claim("ben", { count: 5 });
    assert.deepEqual([scene.task("a").attempts, scene.task("b").attempts], [1, 1]);
    assert.deepEqual([ids(annas), ids(bens)], [["a"], ["b"]]);
    assert.deepEqual(scene.complete("anna", annas, { x: 1 }), []);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING);
    scene.complete("ben", bens, 2);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
    const { outcome } = scene.view;
    assert.ok(outcome?.result?.$case === "completed" && outcome.result.value.body?.$case === "inline");
    assert.deepEqual(JSON.parse(Buffer.from(outcome.result.value.body.value).toString()), {
      a: { x: 1 },
      b: 2,
    });
  });

  it("are assigned by priority, and only to agents that can do them", () => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [
        taskSpec("plain"),
        taskSpec("urgent", { priority: 5 }),
        taskSpec("other", { work: { $case: "capability", value: "cook" } }),
        taskSpec("newer", { versionRange: "^2" }),
      ],
    });
    scene.join("anna");
    scene.join("cook", { capabilities: ["cook"] });
    scene.join("new", { version: "2.1.0" });
    assert.deepEqual(ids(scene.claim("anna", { count: 9 })), ["urgent", "plain"]);
    assert.deepEqual(ids(scene.claim("cook", { count: 9 })), ["other"]);
    assert.deepEqual(ids(scene.claim("new", { count: 9 })), ["newer"]);
  });

  it("exclude tasks with limits if the pool offers them too", () => {
    const limits = [{ key: "printer", maxConcurrent: 1, rate: undefined }];
    const tasks = [taskSpec("limited", { limits }), taskSpec("free")];
    const both = MissionScene.of({ assignment: 3, tasks });
    both.join("anna");
    assert.deepEqual(ids(both.claim("anna", { count: 9 })), ["free"]);
    const alone = MissionScene.of({ assignment: claimed, tasks });
    alone.join("anna");
    assert.deepEqual(ids(alone.claim("anna", { count: 9 })), ["limited", "free"]);
  });

  it("cannot be claimed by an agent that has not joined", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    assert.throws(() => scene.claim("stranger"), /not_taking_part/);
  });

  it("are free again when the lease expires, and a late result of the first claim changes nothing", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    scene.join("anna");
    scene.join("ben");
    const first = scene.claim("anna", { leaseMs: 1_000 });
    scene.driver.advance(999);
    assert.deepEqual(scene.claim("ben"), []);
    scene.driver.advance(1);
    const second = scene.claim("ben");
    assert.deepEqual(ids(second), ["a"]);
    assert.equal(scene.task("a").attempts, 2);
    assert.deepEqual(scene.complete("anna", first), ["mission.claim_lost"]);
    assert.equal(scene.task("a").claim?.agentId, "ben");
    assert.deepEqual(scene.complete("ben", second), []);
    assert.throws(() => scene.complete("ben", second), /mission_ended/);
  });

  it("stay claimed as long as the claims are renewed, and a renewal names lost claims", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a"), taskSpec("b")] });
    scene.join("anna");
    const [a] = scene.claim("anna", { leaseMs: 1_000 });
    scene.driver.advance(800);
    const claimId = a?.claim?.claimId ?? "";
    const body = RenewClaimsRequest.fromPartial({
      agentId: "anna",
      leaseMs: 1_000,
      renewals: [{ claimId, progress: 0.5, message: "half" }, { claimId: "c9.9" }],
    });
    assert.deepEqual(accepted(scene.driver.execute(scene.key, renewClaims, body)).lostClaimIds, ["c9.9"]);
    scene.driver.advance(800);
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_RUNNING);
    assert.equal(scene.task("a").progress, 0.5);
    scene.driver.advance(200);
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_QUEUED);
  });

  it("fail when their agents go silent again and again", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    scene.join("anna");
    for (let round = 1; round <= lostMax; round++) {
      assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING, `after ${round - 1} losses`);
      scene.claim("anna", { leaseMs: 1_000 });
      scene.driver.advance(1_000);
    }
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
    const { result } = scene.task("a").outcome ?? {};
    assert.match(
      (result?.$case === "failed" && result.value.message) || "",
      /lost its agent 10 times .*(anna: it went silent; ){9}anna: it went silent/,
    );
  });

  it("fail at once when their agent goes silent and they run at most once", () => {
    const retry = { maxAttempts: 3, failWhenLost: true };
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a", { retry })] });
    scene.join("anna");
    scene.claim("anna", { leaseMs: 1_000 });
    scene.driver.advance(1_000);
    const { result } = scene.task("a").outcome ?? {};
    assert.equal(result?.$case === "failed" && result.value.code, "mission.attempt_lost");
  });

  it("can be released, which does not count as an attempt", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    scene.join("anna");
    const [a] = scene.claim("anna");
    const body = ReleaseTasksRequest.fromPartial({ agentId: "anna", claimIds: [a?.claim?.claimId ?? ""] });
    assert.equal(accepted(scene.driver.execute(scene.key, releaseTasks, body)).released, 1);
    assert.equal(accepted(scene.driver.execute(scene.key, releaseTasks, body)).released, 0);
    const [second] = scene.claim("anna");
    assert.deepEqual(scene.fail("anna", second ? [second] : []), []);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("are retried by their policy, and paused for a person if the policy requires it", () => {
    const retry = { maxAttempts: 2, initialMs: 100, factor: 2, pauseWhenExhausted: true };
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a", { retry })] });
    scene.join("anna");
    scene.fail("anna", scene.claim("anna"));
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_RETRYING);
    assert.deepEqual(scene.claim("anna"), []);
    scene.driver.advance(100);
    scene.fail("anna", scene.claim("anna"));
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_PAUSED);
    assert.match(scene.view.statusReason, /paused for a person/);
    assert.equal(scene.task("a").attempts, 2);
  });

  it("show how often they started, not how often they were offered", () => {
    for (const assignment of [claimed, 3] as const) {
      const scene = MissionScene.of({ assignment, tasks: [taskSpec("a")] });
      scene.join("anna");
      assert.equal(scene.task("a").attempts, 0);
      const [a] = scene.claim("anna");
      assert.equal(scene.task("a").attempts, 1);
      assert.deepEqual(scene.complete("anna", a ? [a] : []), []);
      assert.equal(scene.task("a").attempts, 1);
    }
  });

  it("go to the agent or the role that they are handed on to, with the context", () => {
    const roles = [{ name: "editor" }];
    const scene = MissionScene.of({ assignment: claimed, roles, tasks: [taskSpec("a")] });
    scene.join("anna");
    scene.join("ben", { role: "editor" });
    scene.join("carl");
    const handOff = (agentId: string, to: HandOffTaskRequest["to"]) => {
      const [a] = scene.claim(agentId);
      const body = {
        ...HandOffTaskRequest.create({ agentId, claimId: a?.claim?.claimId ?? "" }),
        to,
        context: json("look here"),
      };
      return scene.driver.execute(scene.key, handOffTask, body);
    };
    accepted(handOff("anna", { $case: "toRole", value: "editor" }));
    assert.deepEqual(scene.claim("anna"), []);
    accepted(handOff("ben", { $case: "toAgentId", value: "carl" }));
    assert.deepEqual(scene.claim("ben"), []);
    const [a] = scene.claim("carl");
    assert.deepEqual(
      a?.handoffs.map(({ fromAgentId, to }) => [fromAgentId, to]),
      [
        ["anna", "editor"],
        ["ben", "carl"],
      ],
    );
    assert.equal(codeOf(handOff("carl", { $case: "toAgentId", value: "dora" })), "mission.claim_lost");
  });
});

describe("tasks that are offered", () => {
  it("are withdrawn from the pool when a participant claims them, and the result of the offer is ignored", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a")] });
    scene.join("anna");
    const offer = scene.offer("a");
    const tasks = scene.claim("anna");
    assert.deepEqual(scene.offers, []);
    assert.equal(
      scene.driver.settle(offer, completeTask, CompleteTask.fromPartial({ agent: "ben" })),
      "ignored",
    );
    scene.complete("anna", tasks);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("cannot be claimed once an agent of the pool runs them, and that agent becomes a participant", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a"), taskSpec("b")] });
    scene.join("anna");
    const note = NoteAttempt.fromPartial({ agent: "ben", startMs: scene.driver.nowMs });
    accepted(scene.driver.settle(scene.offer("a"), noteAttempt, note));
    assert.deepEqual(ids(scene.claim("anna", { count: 9 })), ["b"]);
    assert.deepEqual(
      scene.view.participants.map(({ agentId, tasks }) => [agentId, tasks]),
      [
        ["anna", 1],
        ["ben", 1],
      ],
    );
    accepted(scene.driver.settle(scene.offer("a"), completeTask, CompleteTask.fromPartial({ agent: "ben" })));
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_COMPLETED);
  });
});
