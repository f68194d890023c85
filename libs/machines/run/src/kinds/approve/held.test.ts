/** Outputs that need the approval of rules: they wait in the run, for every kind of task. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Approval, type Explanation, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { type ApprovalAnswered, CompleteTask, DecideApproval } from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { cancelRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { resetRun, retryRun } from "../../life/repair/commands.ts";
import { decideApproval } from "../../life/results/approvals.ts";
import { completeTask } from "../../life/results/attempts.ts";
import { endingOf } from "../../life/run/end.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { type ApprovalsPage, showApprovals } from "./questions.ts";

const text = `workflow: prices
tasks:
  ask: {uses: price.ask, retry: 3}
  after: {needs: [ask], uses: price.use, with: "\${{ tasks.ask.output }}"}
`;
const { VERDICT_APPROVED: approved, VERDICT_REJECTED: rejected, VERDICT_UNSPECIFIED: open } = Verdict;
const highValue = {
  rule: "shop/dear@3",
  message: "5000 for tea?",
  deciders: ["anna", "buyers"],
  approvalsNeeded: 1,
};
const odd = { rule: "system/odd@1", message: "Is 5000 odd?", deciders: ["ben"], approvalsNeeded: 1 };

function decide(scene: RunScene, person: string, verdict: Verdict, approvalId = "ask", roles: string[] = []) {
  const body = DecideApproval.fromPartial({
    approvalId,
    verdict,
    reason: `says ${person}`,
    roles: [person, ...roles],
  });
  return scene.driver.execute(scene.key, decideApproval, body) as ApprovalAnswered | Refusal;
}

function approvalOf(scene: RunScene): Approval {
  const { approvals } = scene.driver.query(scene.key, showApprovals, { from: 0, size: 10 }) as ApprovalsPage;
  assert.ok(approvals[0] !== undefined);
  return approvals[0];
}

const codeOf = (answer: unknown) => (isRefusal(answer) ? answer.code : "taken");
const nextInput = (scene: RunScene) => jsonOf(scene.offer("after").effect.input as Uint8Array);

describe("an output that needs approval by a rule", () => {
  it("waits, shows its question and deciders, and counts once after the approval", () => {
    const scene = RunScene.of(text);
    const offer = scene.offer("ask");
    scene.holdOutput("ask", 5_000, highValue);
    assert.deepEqual(scene.offered, []);
    const approval = approvalOf(scene);
    assert.deepEqual(
      [approval.title, approval.deciders, approval.approvalsNeeded, approval.verdict, approval.about?.task],
      ["5000 for tea?", ["anna", "buyers"], 1, open, "ask"],
    );
    assert.match(approval.message, /The rule shop\/dear@3 wants the output of ask by agent-1 approved/);
    const { body } = approval.context ?? {};
    assert.equal(body?.$case === "inline" ? jsonOf(body.value) : undefined, 5_000);
    const { summary } = scene.driver.query(scene.key, explain, { taskId: "ask" }) as Explanation;
    assert.match(
      summary,
      /waits for anna, buyers to decide, as the rule shop\/dear@3 wants: 5000 for tea\?$/,
    );
    assert.equal(scene.driver.description(scene.key).labels["run:person"], "yes");

    const secondResult = CompleteTask.fromPartial({ output: jsonBytes(7) });
    assert.equal(scene.driver.settle(offer, completeTask, secondResult), "ignored", "the attempt is over");
    assert.deepEqual(decide(scene, "carl", approved, "ask", ["buyers"]), { verdict: approved });
    assert.equal(nextInput(scene), 5_000);
    assert.deepEqual(decide(scene, "carl", approved, "ask", ["buyers"]), { verdict: approved });
    assert.equal(scene.events.filter((type) => type === "approval_decided").length, 1);
  });

  it("fails its task without a retry when it is rejected, and the error contains the decider and the reason", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 5_000, highValue);
    assert.deepEqual(decide(scene, "anna", rejected), { verdict: rejected });
    const { error, status } = endingOf(scene.state);
    assert.equal(status, WorkStatus.WORK_STATUS_FAILED);
    assert.equal(error?.code, "workflow.approval_rejected");
    assert.match(error.message, /rejected by anna: says anna/);
  });

  it("is decided by no other person, and by its own agent only if the rule allows it", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 1, { ...highValue, deciders: [] });
    assert.equal(codeOf(decide(scene, "agent-1", approved)), "workflow.approval_own");
    const other = RunScene.of(text);
    other.holdOutput("ask", 1, highValue);
    assert.equal(codeOf(decide(other, "eve", approved)), "workflow.approval_not_among");
    const own = RunScene.of(text);
    own.holdOutput("ask", 1, { ...highValue, deciders: ["agent-1"] });
    assert.deepEqual(decide(own, "agent-1", approved), { verdict: approved });
  });

  it("waits for the approvals of several rules, one rule after the other", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 5_000, { ...highValue, approvalsNeeded: 2 }, odd);
    assert.deepEqual(decide(scene, "anna", approved), { verdict: open });
    const first = approvalOf(scene).approvalId;
    assert.deepEqual(decide(scene, "carl", approved, first, ["buyers"]), { verdict: open });
    assert.deepEqual(scene.offered, []);
    const { approvalId, title, deciders, decisions } = approvalOf(scene);
    assert.deepEqual([title, deciders, decisions], ["Is 5000 odd?", ["ben"], []]);
    assert.notEqual(approvalId, first);
    assert.deepEqual(decide(scene, "carl", approved, first), { verdict: approved }, "said again");
    assert.equal(codeOf(decide(scene, "carl", rejected, first)), "workflow.approval_closed");
    assert.deepEqual(decide(scene, "ben", approved, approvalId), { verdict: approved });
    assert.equal(nextInput(scene), 5_000);
  });

  it("waits for the approval that a check requires before the approval of the rule", () => {
    const checks = "checks: [{name: low, condition: output < 100, onFailure: approval}]";
    const scene = RunScene.of(text.replace("retry: 3", checks));
    scene.holdOutput("ask", 5_000, odd);
    assert.match(approvalOf(scene).message, /does not satisfy: low/);
    decide(scene, "somebody", approved);
    assert.equal(approvalOf(scene).title, "Is 5000 odd?");
    assert.deepEqual(decide(scene, "ben", approved), { verdict: approved });
    assert.equal(nextInput(scene), 5_000);
  });

  it("lapses without a decision in time, each question by its own time", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 1, { ...highValue, timeoutMs: 1_000 }, { ...odd, timeoutMs: 60_000 });
    decide(scene, "anna", approved);
    scene.driver.advance(2_000);
    assert.equal(approvalOf(scene).verdict, open);
    scene.driver.advance(60_000);
    assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
  });

  it("needs a new approval after a retry of the run, and a decision on the earlier approval is rejected", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 1, highValue);
    const first = approvalOf(scene).approvalId;
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(codeOf(decide(scene, "anna", approved, first)), "workflow.approval_closed");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.holdOutput("ask", 2, highValue);
    assert.equal(codeOf(decide(scene, "anna", approved, first)), "workflow.approval_missing");
    decide(scene, "anna", approved, approvalOf(scene).approvalId);
    assert.equal(nextInput(scene), 2);
  });

  it("requests the second approval again after a reset between the two approvals, and counts each approval once", () => {
    const scene = RunScene.of(text);
    scene.holdOutput("ask", 5_000, highValue, odd);
    decide(scene, "anna", approved);
    const decided = scene.events.indexOf("approval_decided") + 1;
    decide(scene, "ben", approved);
    assert.equal(nextInput(scene), 5_000);
    for (const when of ["after its end", "while it asks again"]) {
      scene.driver.execute(scene.key, resetRun, scene.resetTo(decided));
      assert.deepEqual([approvalOf(scene).title, approvalOf(scene).decisions], ["Is 5000 odd?", []], when);
      assert.deepEqual(scene.offered, [], when);
    }
    assert.deepEqual(decide(scene, "ben", approved), { verdict: approved });
    assert.equal(nextInput(scene), 5_000);
  });

  it("waits also if it is not JSON or is in the blob store", () => {
    const scene = RunScene.of(text.replace(/ {2}after.*\n/, ""));
    const blob = { sha256: new Uint8Array(32).fill(7), size: 9_000_000 };
    const outputPayload = { body: { $case: "blob" as const, value: blob }, mediaType: "image/png" };
    const questions = [{ ...highValue, timeoutMs: 0 }];
    scene.driver.settle(scene.offer("ask"), completeTask, {
      ...CompleteTask.fromPartial({ agent: "a" }),
      ...{ outputPayload, questions },
    });
    assert.deepEqual(approvalOf(scene).context, outputPayload);
    decide(scene, "anna", approved);
    assert.deepEqual(scene.state.nodes[0]?.output, outputPayload);
  });

  it("fails its attempt, with a remedy, while processes of an earlier release share the runs", () => {
    const scene = new RunScene(1, [], {}, { run: 1 });
    scene.start(text);
    scene.holdOutput("ask", 1, highValue);
    assert.equal(scene.events.at(-1), "attempt_failed");
    const failure = scene.state.nodes[0]?.more?.failures.at(-1)?.error;
    assert.equal(failure?.code, "workflow.result_not_held");
    assert.match(failure.message, /Replace these processes, then retry the run/);
  });
});
