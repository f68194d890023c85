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
import { accepted, codeOf, json, MissionScene, missionKey, taskSpec } from "../../testing/index.ts";

const claimed = 2;
const highValue = question({ rule: "shop/dear@3", message: "5000 for tea?", deciders: ["ada", "buyers"] });
const odd = question({ rule: "system/odd@1", message: "Is 5000 odd?", deciders: ["ben"] });

function question(fields: Parameters<typeof ResultQuestion.fromPartial>[0]): ResultQuestion {
  return ResultQuestion.fromPartial({ approvalsNeeded: 1, ...fields });
}

function decide(scene: MissionScene, approvalId: string, person: string, approved: boolean) {
  const body = DecideMissionQuestion.fromPartial({
    approvalId,
    approved,
    reason: `says ${person}`,
    roles: [person],
  });
  return scene.driver.execute(scene.key, decideQuestion, body);
}

/** Offered to its pool, then held for approval. */
function heldScene(...questions: ResultQuestion[]): MissionScene {
  const scene = MissionScene.of({ tasks: [taskSpec("a"), taskSpec("b", { needs: [{ task: "a" }] })] });
  const output = new TextEncoder().encode("5000");
  const body = { ...CompleteTask.fromPartial({ output, agent: "anna" }), questions };
  accepted(scene.driver.settle(scene.offer("a"), completeTask, body));
  return scene;
}

function approvals(scene: MissionScene): readonly Approval[] {
  const body = { verdicts: [], from: 0, size: 10 };
  return accepted(scene.driver.query(scene.key, showMissionApprovals, body)).approvals;
}

const statusOf = (scene: MissionScene) => scene.task("a").status;
const { TASK_STATUS_WAITING, TASK_STATUS_COMPLETED, TASK_STATUS_FAILED } = TaskStatus;

describe("an output of a mission that needs approval by a rule", () => {
  it("waits, shows its question and approvers, and counts once after the approval", () => {
    const scene = heldScene(highValue);
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    const [approval] = approvals(scene);
    assert.deepEqual(
      [approval?.title, approval?.deciders, approval?.about?.task, approval?.context],
      ["5000 for tea?", ["ada", "buyers"], "a", json(5_000)],
    );
    const explanation = accepted(scene.driver.query(scene.key, explainMission, { taskId: "a" }));
    assert.match(
      explanation.summary,
      /by the rule shop\/dear@3, ada, buyers must approve its output: 5000 for tea/,
    );
    assert.equal(codeOf(decide(scene, "q1", "eve", true)), "mission.approval_not_among");
    const answered = () => scene.driver.description(scene.key).labels["mission:answered"];
    assert.equal(answered(), undefined);
    accepted(decide(scene, "q1", "ada", true));
    assert.equal(answered(), "yes");
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
    assert.deepEqual(scene.offers, ["b"]);
    accepted(decide(scene, "q1", "ada", true));
    assert.equal(scene.events.filter((type) => type === "task_completed").length, 1);
  });

  it("fails its task when it is rejected, and the error contains the approver and the reason", () => {
    const scene = heldScene(highValue);
    accepted(decide(scene, "q1", "buyers", false));
    assert.equal(statusOf(scene), TASK_STATUS_FAILED);
    const outcome = scene.task("a").outcome?.result;
    assert.match(outcome?.$case === "failed" ? outcome.value.message : "", /rejected by buyers: says buyers/);
  });

  it("waits for the approvals of several rules, and cannot be approved by its agent", () => {
    const scene = heldScene({ ...highValue, deciders: [], approvalsNeeded: 2 }, odd);
    assert.equal(codeOf(decide(scene, "q1", "anna", true)), "mission.approval_own");
    accepted(decide(scene, "q1", "ada", true));
    accepted(decide(scene, "q1", "ada", true));
    assert.deepEqual(
      approvals(scene).map(({ verdict, decisions }) => [verdict, decisions.length]),
      [[Verdict.VERDICT_UNSPECIFIED, 1]],
    );
    accepted(decide(scene, "q1", "carl", true));
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    assert.equal(codeOf(decide(scene, "q2", "carl", true)), "mission.approval_not_among");
    accepted(decide(scene, "q2", "ben", true));
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
  });

  it("lapses when it is not decided in time", () => {
    const scene = heldScene({ ...highValue, timeoutMs: 1_000 });
    scene.driver.advance(2_000);
    assert.equal(statusOf(scene), TASK_STATUS_FAILED);
    assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_EXPIRED);
    assert.match(JSON.stringify(scene.task("a").outcome), /mission.approval_expired/);
  });

  it("is withdrawn with its task when that is out of time", () => {
    const tasks = [taskSpec("a", { timeouts: { totalMs: 5_000 } })];
    const scene = MissionScene.of({ tasks });
    const questions = [{ ...highValue, timeoutMs: 60_000 }];
    accepted(scene.driver.settle(scene.offer("a"), completeTask, { ...CompleteTask.create(), questions }));
    scene.driver.advance(6_000);
    assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_WITHDRAWN);
  });

  for (const [ending, end] of [
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
    it(`is withdrawn, in words of its own, with its mission that is ${ending}`, () => {
      const scene = heldScene(highValue);
      accepted(end(scene));
      assert.equal(approvals(scene)[0]?.verdict, Verdict.VERDICT_WITHDRAWN);
      assert.equal(scene.events.filter((type) => type === "question_decided").length, 1);
    });

  it("waits also if it is the result of a claim", () => {
    const scene = MissionScene.of({ assignment: claimed, tasks: [taskSpec("a")] });
    scene.join("anna");
    const [task] = scene.claim("anna");
    const claimId = task?.claim?.claimId ?? "";
    const outcome = { $case: "output" as const, value: json(5_000) };
    const body = CompleteJudgedTasks.fromPartial({
      ends: { agentId: "anna", ends: [{ claimId, outcome }] },
      questions: [{ claimId, questions: [highValue] }],
    });
    const stranger = CompleteJudgedTasks.fromPartial({ ends: { agentId: "eve" } });
    assert.equal(
      codeOf(scene.driver.execute(scene.key, completeJudgedTasks, stranger)),
      "mission.not_taking_part",
    );
    accepted(scene.driver.execute(scene.key, completeJudgedTasks, body));
    assert.equal(statusOf(scene), TASK_STATUS_WAITING);
    accepted(decide(scene, "q1", "ada", true));
    assert.equal(statusOf(scene), TASK_STATUS_COMPLETED);
  });

  it("fails its attempt while processes of an earlier release share the missions", () => {
    const driver = new MachineDriver({ machines: [mission], service: "swarm", behaviours: { mission: 1 } });
    const order = MissionOrder.fromPartial({ spec: { tasks: [taskSpec("a")] } });
    accepted(driver.execute(missionKey, beginMission, { order }));
    const [offer] = driver.effects;
    assert.ok(offer !== undefined);
    accepted(driver.settle(offer, completeTask, { ...CompleteTask.create(), questions: [highValue] }));
    const { error } = driver.state(missionKey, mission).tasks[0] ?? {};
    assert.equal(error?.code, "mission.result_not_held");
  });
});
