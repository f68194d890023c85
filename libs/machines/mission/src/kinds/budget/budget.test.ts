import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DecideMissionQuestion,
  ReserveBudgetRequest,
  ReturnBudgetRequest,
  SpendBudgetRequest,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus, Verdict, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import { CompleteTask } from "@tutti/contracts/workflow/v1";
import {
  completeTask,
  decideQuestion,
  explainMission,
  reserveBudget,
  returnBudget,
  showBudget,
  showMissionApprovals,
  spendBudget,
} from "../../index.ts";
import { accepted, codeOf, json, MissionScene, taskSpec } from "../../testing/index.ts";

const claimed = 2;
const { WAIT_CAUSE_BUDGET: budgetCause } = WaitCause;
const never = [{ name: "never", condition: "board.never == 1" }];

function budgetOf(scene: MissionScene) {
  return accepted(scene.driver.query(scene.key, showBudget, undefined));
}

function reserve(scene: MissionScene, tokens: number, more: { taskId?: string; leaseMs?: number } = {}) {
  const body = ReserveBudgetRequest.fromPartial({ agentId: "anna", amounts: { tokens }, ...more });
  return scene.driver.execute(scene.key, reserveBudget, body);
}

function spend(scene: MissionScene, reservationId: string, tokens: number) {
  return scene.driver.execute(
    scene.key,
    spendBudget,
    SpendBudgetRequest.fromPartial({ agentId: "anna", reservationId, amounts: { tokens } }),
  );
}

function decide(scene: MissionScene, approved: boolean, data: unknown = undefined) {
  const [question] = accepted(
    scene.driver.query(scene.key, showMissionApprovals, {
      verdicts: [Verdict.VERDICT_UNSPECIFIED],
      from: 0,
      size: 9,
    }),
  ).approvals;
  const body = DecideMissionQuestion.fromPartial({
    approvalId: question?.approvalId ?? "",
    approved,
    ...(data !== undefined && { data: json(data) }),
  });
  return scene.driver.execute(scene.key, decideQuestion, body);
}

describe("a budget", () => {
  it("is set aside, spent up to that, and returned", () => {
    const scene = MissionScene.of({ stopConditions: never, budget: { amounts: { tokens: 10 } } });
    scene.join("anna");
    const { reservation } = accepted(reserve(scene, 6));
    const id = reservation?.reservationId ?? "";
    assert.equal(codeOf(spend(scene, id, 7)), "mission.reservation_short");
    accepted(spend(scene, id, 4));
    assert.deepEqual(budgetOf(scene).available?.tokens, 4);
    const returned = accepted(
      scene.driver.execute(
        scene.key,
        returnBudget,
        ReturnBudgetRequest.fromPartial({ agentId: "anna", reservationId: id }),
      ),
    );
    assert.equal(returned.returned?.tokens, 2);
    const { spent, reserved, available } = budgetOf(scene);
    assert.deepEqual([spent?.tokens, reserved?.tokens, available?.tokens], [4, 0, 6]);
    assert.equal(codeOf(spend(scene, id, 1)), "mission.reservation_missing");
  });

  it("lapses when its time is over", () => {
    const scene = MissionScene.of({ stopConditions: never, budget: { amounts: { tokens: 10 } } });
    scene.join("anna");
    accepted(reserve(scene, 6, { leaseMs: 1_000 }));
    scene.driver.advance(1_000);
    assert.equal(budgetOf(scene).available?.tokens, 10);
  });

  it("that is used up opens an approval and blocks new tasks, and a raise resumes them", () => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [taskSpec("a", { estimate: { tokens: 8 } }), taskSpec("b", { estimate: { tokens: 8 } })],
      budget: { amounts: { tokens: 10 } },
    });
    scene.join("anna");
    const tasks = scene.claim("anna");
    assert.deepEqual(scene.claim("anna"), [], "what is set aside may still come back");
    assert.equal(scene.view.openApprovals, 0);
    scene.complete("anna", tasks, null, { tokens: 8 });
    assert.deepEqual(scene.claim("anna"), []);
    assert.equal(scene.view.openApprovals, 1);
    assert.match(scene.view.statusReason, /budget is used up/);
    assert.equal(codeOf(decide(scene, true)), "mission.approval_invalid");
    accepted(decide(scene, true, { tokens: 6 }));
    scene.complete("anna", scene.claim("anna"), null, { tokens: 5 });
    const { status, budget } = scene.view;
    assert.equal(status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual([budget?.limit?.tokens, budget?.spent?.tokens], [16, 13]);
  });

  it("is the cause for which a task waits, and then its whole mission, until it is raised", () => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [taskSpec("a", { estimate: { tokens: 8 } }), taskSpec("b", { estimate: { tokens: 8 } })],
      budget: { amounts: { tokens: 10 } },
    });
    scene.join("anna");
    const causes = (taskId: string) =>
      accepted(scene.driver.query(scene.key, explainMission, { taskId })).waits.map(({ cause }) => cause);
    const tasks = scene.claim("anna");
    assert.deepEqual(causes("b"), [budgetCause]);
    scene.complete("anna", tasks, null, { tokens: 8 });
    scene.claim("anna");
    assert.deepEqual(causes(""), [budgetCause]);
    accepted(decide(scene, true, { tokens: 6 }));
    assert.equal(causes("").includes(budgetCause), false);
    assert.equal(causes("b").includes(budgetCause), false);
  });

  it("opens an approval for offered tasks once no reserved amount can be returned", () => {
    const scene = MissionScene.of({
      assignment: 1,
      tasks: [taskSpec("a", { estimate: { tokens: 8 } }), taskSpec("b", { estimate: { tokens: 8 } })],
      budget: { amounts: { tokens: 10 } },
    });
    assert.deepEqual([scene.offers, scene.view.openApprovals], [["a"], 0]);
    scene.driver.settle(
      scene.offer("a"),
      completeTask,
      CompleteTask.fromPartial({ agent: "anna", used: { tokens: 8 } }),
    );
    assert.equal(scene.view.openApprovals, 1);
    accepted(decide(scene, true, { tokens: 6 }));
    assert.deepEqual(scene.offers, ["b"]);
  });

  for (const [name, whenUsedUp, status] of [
    ["finishes", 2, WorkStatus.WORK_STATUS_COMPLETED],
    ["fails", 3, WorkStatus.WORK_STATUS_FAILED],
  ] as const)
    it(`that is used up ${name} the mission, if configured`, () => {
      const scene = MissionScene.of({
        tasks: [taskSpec("a", { estimate: { tokens: 10 } }), taskSpec("b", { needs: [{ task: "a" }] })],
        budget: { amounts: { tokens: 10 }, whenUsedUp },
      });
      scene.driver.settle(
        scene.offer("a"),
        completeTask,
        CompleteTask.fromPartial({ agent: "anna", used: { tokens: 10 } }),
      );
      assert.equal(scene.view.status, status);
    });

  it("ends with a no", () => {
    const scene = MissionScene.of({ stopConditions: never, budget: { amounts: { tokens: 1 } } });
    scene.join("anna");
    assert.equal(accepted(reserve(scene, 2)).reservation, undefined);
    accepted(decide(scene, false));
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("counts the reserved amount of a lost agent as used, over all attempts", () => {
    const scene = MissionScene.of({
      assignment: claimed,
      tasks: [taskSpec("a", { estimate: { tokens: 4 } })],
      budget: { amounts: { tokens: 10 }, whenUsedUp: 3 },
    });
    scene.join("anna");
    for (let round = 0; round < 2; round++) {
      scene.claim("anna", { leaseMs: 1_000 });
      scene.driver.advance(1_000);
    }
    const { spent, available } = budgetOf(scene);
    assert.deepEqual([spent?.tokens, available?.tokens], [8, 2]);
    assert.deepEqual(scene.claim("anna", { leaseMs: 1_000 }), []);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("records the use of each failed attempt, including the last", () => {
    const retry = { maxAttempts: 2, initialMs: 100 };
    const scene = MissionScene.of({
      ...{ assignment: claimed, stopConditions: never, budget: { amounts: { tokens: 10 } } },
      tasks: [taskSpec("a", { retry })],
    });
    scene.join("anna");
    scene.fail("anna", scene.claim("anna"), "work.broken", { tokens: 2 });
    assert.equal(budgetOf(scene).spent?.tokens, 2);
    scene.driver.advance(100);
    scene.fail("anna", scene.claim("anna"), "work.broken", { tokens: 3 });
    assert.equal(scene.task("a").status, TaskStatus.TASK_STATUS_FAILED);
    assert.equal(budgetOf(scene).spent?.tokens, 5);
  });

  it("never books more than the budget, for any usage that an agent reports", () => {
    const scene = MissionScene.of({ tasks: [taskSpec("a")], budget: { amounts: { money: 1 } } });
    scene.driver.settle(
      scene.offer("a"),
      completeTask,
      CompleteTask.fromPartial({ agent: "anna", used: { money: 5 } }),
    );
    assert.deepEqual([scene.state.spent.money, scene.state.overrun.money], [1, 4]);
  });

  it("is limited by the amount that a parent has reserved, and cannot be raised beyond it", () => {
    const scene = MissionScene.of(
      { tasks: [taskSpec("a", { estimate: { tokens: 6 } })], budget: { amounts: { tokens: 100 } } },
      { parentBudget: { tokens: 5 } },
    );
    assert.equal(budgetOf(scene).limit?.tokens, 5);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED, "no person here could raise it");
  });

  it("of agents blocks offers until a place is free", () => {
    const scene = MissionScene.of({
      assignment: 1,
      tasks: [taskSpec("a"), taskSpec("b")],
      budget: { maxAgents: 1 },
    });
    assert.deepEqual(scene.offers, ["a"], "one place, one offer to the next agent");
    assert.equal(scene.task("b").status, TaskStatus.TASK_STATUS_HELD);
    assert.equal(codeOf(scene.join("anna")), "mission.role_full", "the place is taken by the offer");
    scene.driver.settle(scene.offer("a"), completeTask, CompleteTask.fromPartial({ agent: "ben" }));
    assert.deepEqual(scene.offer("b").effect.onlyAgents, ["ben"]);
  });
});
