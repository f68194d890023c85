/** Outputs that need approval by a rule: they wait in the mission, for every agent. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CompleteJudgedTasks, DecideMissionQuestion, MissionOrder } from "@tutti/contracts/swarm/v1";
import { type Approval, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import { CompleteTask, ResultQuestion } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import {
  beginMission,
  cancelMission,
  completeJudgedTasks,
  completeTask,
  decideQuestion,
  explainMission,
  mission,
  showMissionApprovals,
  terminateMission,
} from "../../index.ts";
import { codeOf, json, MissionScene, missionKey, taken, taskSpec } from "../../testing/index.ts";

const claimed = 2;
const dear = question({ rule: "shop/dear@3", message: "5000 for tea?", deciders: ["ada", "buyers"] });
const odd = question({ rule: "system/odd@1", message: "Is 5000 odd?", deciders: ["ben"] });

function question(given: Parameters<typeof ResultQuestion.fromPartial>[0]): ResultQuestion {
  return ResultQuestion.fromPartial({ approvalsNeeded: 1, ...given });
}

function decide(scene: MissionScene, approvalId: string, who: string, approved: boolean) {
  const body = DecideMissionQuestion.fromPartial({
    approvalId,
    approved,
    reason: `says ${who}`,
    roles: [who],
  });
  return scene.driver.execute(scene.key, decideQuestion, body);
}

/** Offered to its pool, then held for approval. */
function held(...questions: ResultQuestion[]): MissionScene {
  const scene = MissionScene.of({ tasks: [taskSpec("a"), taskSpec("b", { needs: [{ task: "a" }] })] });
  const output = new TextEncoder().encode("5000");
  const body = { ...CompleteTask.fromPartial({ output, agent: "anna" }), questions };
  taken(scene.driver.settle(scene.offer("a"), completeTask, body));
  return scene;
}

function approvals(scene: MissionScene): readonly Approval[] {
  const body = { verdicts: [], from: 0, size: 10 };
  return taken(scene.driver.query(scene.key, showMissionApprovals, body)).approvals;
}

const statusOf = (scene: MissionScene) => scene.task("a").status;
const { TASK_STATUS_WAITING, TASK_STATUS_COMPLETED, TASK_STATUS_FAILED } = TaskStatus;

describe("an output of a mission that a rule wants approved", () => {
  it("waits, is shown with its question and approvers, and counts when they approve", () => {
    const scene = held(dear);
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    const [approval] = approvals(scene);
    assert.deepEqual(
      [approval?.title, approval?.deciders, approval?.about?.task, approval?.context],
      ["5000 for tea?", ["ada", "buyers"], "a", json(5_000)],
    );
    const why = taken(scene.driver.query(scene.key, explainMission, { taskId: "a" }));
    assert.match(
      why.summary,
      /the rule shop\/dear@3 has ada, buyers asked whether its output counts: 5000 for tea/,
    );
    assert.equal(codeOf(decide(scene, "q1", "eve", true)), "mission.approval_not_among");
    taken(decide(scene, "q1", "ada", true));
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
    assert.deepEqual(scene.offers, ["b"]);
    taken(decide(scene, "q1", "ada", true));
    assert.equal(scene.events.filter((type) => type === "task_completed").length, 1);
  });

  it("fails its task when they say no, with who said so and why", () => {
    const scene = held(dear);
    taken(decide(scene, "q1", "buyers", false));
    assert.equal(statusOf(scene), TASK_STATUS_FAILED);
    const outcome = scene.task("a").outcome?.result;
    assert.match(outcome?.$case === "failed" ? outcome.value.message : "", /rejected by buyers: says buyers/);
  });

  it("waits for all whom several rules ask, and is not approved by who gave it", () => {
    const scene = held({ ...dear, deciders: [], approvalsNeeded: 2 }, odd);
    assert.equal(codeOf(decide(scene, "q1", "anna", true)), "mission.approval_own");
    taken(decide(scene, "q1", "ada", true));
    taken(decide(scene, "q1", "ada", true));
    assert.deepEqual(
      approvals(scene).map(({ verdict, decisions }) => [verdict, decisions.length]),
      [[Verdict.VERDICT_UNSPECIFIED, 1]],
    );
    taken(decide(scene, "q1", "carl", true));
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    assert.equal(codeOf(decide(scene, "q2", "carl", true)), "mission.approval_not_among");
    taken(decide(scene, "q2", "ben", true));
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
  });

  it("lapses when it is not decided in time", () => {
    const scene = held({ ...dear, timeoutMs: 1_000 });
    scene.driver.advance(2_000);
    assert.equal(statusOf(scene), TASK_STATUS_FAILED);
    assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_EXPIRED);
    assert.match(JSON.stringify(scene.task("a").outcome), /mission.approval_expired/);
  });

  it("is withdrawn with its task when that is out of time", () => {
    const tasks = [taskSpec("a", { timeouts: { totalMs: 5_000 } })];
    const scene = MissionScene.of({ tasks });
    const questions = [{ ...dear, timeoutMs: 60_000 }];
    taken(scene.driver.settle(scene.offer("a"), completeTask, { ...CompleteTask.create(), questions }));
    scene.driver.advance(6_000);
    assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_WITHDRAWN);
  });

  for (const [how, end] of [
    [
      "cancelled",
      (scene: MissionScene) =>
        scene.driver.execute(scene.key, cancelMission, { reason: "", noCompensate: false }),
    ],
    [
      "terminated",
      (scene: MissionScene) => scene.driver.execute(scene.key, terminateMission, { reason: "" }),
    ],
  ] as const)
    it(`is withdrawn, in words of its own, with its mission that is ${how}`, () => {
      const scene = held(dear);
      taken(end(scene));
      assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_WITHDRAWN);
      assert.equal(scene.events.filter((type) => type === "question_decided").length, 1);
    });

  it("waits as well when it comes of a claim", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    scene.join("anna");
    const [task] = scene.claim("anna");
    const claimId = task?.claim?.claimId ?? "";
    const outcome = { $case: "output" as const, value: json(5_000) };
    const body = CompleteJudgedTasks.fromPartial({
      ends: { agentId: "anna", ends: [{ claimId, outcome }] },
      questions: [{ claimId, questions: [dear] }],
    });
    const stranger = CompleteJudgedTasks.fromPartial({ ends: { agentId: "eve" } });
    assert.equal(
      codeOf(scene.driver.execute(scene.key, completeJudgedTasks, stranger)),
      "mission.not_taking_part",
    );
    taken(scene.driver.execute(scene.key, completeJudgedTasks, body));
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    taken(decide(scene, "q1", "ada", true));
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
  });

  it("fails its attempt, with what is to be done, while processes of an earlier release share the missions", () => {
    const driver = new MachineDriver({ machines: [mission], service: "swarm", behaviours: { mission: 1 } });
    const order = MissionOrder.fromPartial({ spec: { tasks: [taskSpec("a")] } });
    taken(driver.execute(missionKey, beginMission, { order }));
    const [offer] = driver.effects;
    assert.ok(offer !== undefined);
    taken(driver.settle(offer, completeTask, { ...CompleteTask.create(), questions: [dear] }));
    const { error } = driver.state(missionKey, mission).tasks[0] ?? {};
    assert.equal(error?.code, "mission.result_not_held");
  });
});
