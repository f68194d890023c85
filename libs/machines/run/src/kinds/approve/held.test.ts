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
import { type ApprovalsShown, showApprovals } from "./questions.ts";

const text = `workflow: prices
tasks:
  ask: {uses: price.ask, retry: 3}
  after: {needs: [ask], uses: price.use, with: "\${{ tasks.ask.output }}"}
`;
const { VERDICT_APPROVED: yes, VERDICT_REJECTED: no, VERDICT_UNSPECIFIED: open } = Verdict;
const dear = {
  rule: "shop/dear@3",
  message: "5000 for tea?",
  deciders: ["anna", "buyers"],
  approvalsNeeded: 1,
};
const odd = { rule: "system/odd@1", message: "Is 5000 odd?", deciders: ["ben"], approvalsNeeded: 1 };

function decide(scene: RunScene, who: string, verdict: Verdict, approvalId = "ask", roles: string[] = []) {
  const body = DecideApproval.fromPartial({
    approvalId,
    verdict,
    reason: `says ${who}`,
    roles: [who, ...roles],
  });
  return scene.driver.execute(scene.key, decideApproval, body) as ApprovalAnswered | Refusal;
}

function shown(scene: RunScene): Approval {
  const { approvals } = scene.driver.query(scene.key, showApprovals, { from: 0, size: 10 }) as ApprovalsShown;
  assert.ok(approvals[0] !== undefined);
  return approvals[0];
}

const codeOf = (answer: unknown) => (isRefusal(answer) ? answer.code : "taken");
const given = (scene: RunScene) => jsonOf(scene.offer("after").effect.input as Uint8Array);

describe("an output that a rule wants approved", () => {
  it("waits, is shown with its question and deciders, and counts once after the approvals", () => {
    const scene = RunScene.of(text);
    const offer = scene.offer("ask");
    scene.hold("ask", 5_000, dear);
    assert.deepEqual(scene.offered, []);
    const approval = shown(scene);
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

    const again = CompleteTask.fromPartial({ output: jsonBytes(7) });
    assert.equal(scene.driver.settle(offer, completeTask, again), "ignored", "the attempt is over");
    assert.deepEqual(decide(scene, "carl", yes, "ask", ["buyers"]), { verdict: yes });
    assert.equal(given(scene), 5_000);
    assert.deepEqual(decide(scene, "carl", yes, "ask", ["buyers"]), { verdict: yes });
    assert.equal(scene.events.filter((type) => type === "approval_decided").length, 1);
  });

  it("fails its task for good when they say no, with who said so and why: another attempt would be asked about again", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 5_000, dear);
    assert.deepEqual(decide(scene, "anna", no), { verdict: no });
    const { error, status } = endingOf(scene.state);
    assert.equal(status, WorkStatus.WORK_STATUS_FAILED);
    assert.equal(error?.code, "workflow.approval_rejected");
    assert.match(error.message, /rejected by anna: says anna/);
  });

  it("is decided by no other person, and by its own agent only if the rule allows it", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 1, { ...dear, deciders: [] });
    assert.equal(codeOf(decide(scene, "agent-1", yes)), "workflow.approval_own");
    const other = RunScene.of(text);
    other.hold("ask", 1, dear);
    assert.equal(codeOf(decide(other, "eve", yes)), "workflow.approval_not_among");
    const own = RunScene.of(text);
    own.hold("ask", 1, { ...dear, deciders: ["agent-1"] });
    assert.deepEqual(decide(own, "agent-1", yes), { verdict: yes });
  });

  it("waits for all whom several rules ask, one after the other", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 5_000, { ...dear, approvalsNeeded: 2 }, odd);
    assert.deepEqual(decide(scene, "anna", yes), { verdict: open });
    const first = shown(scene).approvalId;
    assert.deepEqual(decide(scene, "carl", yes, first, ["buyers"]), { verdict: open });
    assert.deepEqual(scene.offered, []);
    const { approvalId, title, deciders, decisions } = shown(scene);
    assert.deepEqual([title, deciders, decisions], ["Is 5000 odd?", ["ben"], []]);
    assert.notEqual(approvalId, first);
    assert.deepEqual(decide(scene, "carl", yes, first), { verdict: yes }, "said again");
    assert.equal(codeOf(decide(scene, "carl", no, first)), "workflow.approval_closed");
    assert.deepEqual(decide(scene, "ben", yes, approvalId), { verdict: yes });
    assert.equal(given(scene), 5_000);
  });

  it("waits for what a check has people asked first", () => {
    const checks = "checks: [{name: low, condition: output < 100, onFailure: approval}]";
    const scene = RunScene.of(text.replace("retry: 3", checks));
    scene.hold("ask", 5_000, odd);
    assert.match(shown(scene).message, /does not satisfy: low/);
    decide(scene, "somebody", yes);
    assert.equal(shown(scene).title, "Is 5000 odd?");
    assert.deepEqual(decide(scene, "ben", yes), { verdict: yes });
    assert.equal(given(scene), 5_000);
  });

  it("lapses without a decision in time, each question by its own time", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 1, { ...dear, timeoutMs: 1_000 }, { ...odd, timeoutMs: 60_000 });
    decide(scene, "anna", yes);
    scene.driver.advance(2_000);
    assert.equal(shown(scene).verdict, open);
    scene.driver.advance(60_000);
    assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
  });

  it("is asked about again after a retry of the run, and an answer to the earlier question finds none", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 1, dear);
    const first = shown(scene).approvalId;
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(codeOf(decide(scene, "anna", yes, first)), "workflow.approval_closed");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.hold("ask", 2, dear);
    assert.equal(codeOf(decide(scene, "anna", yes, first)), "workflow.approval_missing");
    decide(scene, "anna", yes, shown(scene).approvalId);
    assert.equal(given(scene), 2);
  });

  it("asks the second rule after a reset to between the two approvals, and counts each approval once", () => {
    const scene = RunScene.of(text);
    scene.hold("ask", 5_000, dear, odd);
    decide(scene, "anna", yes);
    const decided = scene.events.indexOf("approval_decided") + 1;
    decide(scene, "ben", yes);
    assert.equal(given(scene), 5_000);
    for (const when of ["after its end", "while it asks again"]) {
      scene.driver.execute(scene.key, resetRun, scene.resetTo(decided));
      assert.deepEqual([shown(scene).title, shown(scene).decisions], ["Is 5000 odd?", []], when);
      assert.deepEqual(scene.offered, [], when);
    }
    assert.deepEqual(decide(scene, "ben", yes), { verdict: yes });
    assert.equal(given(scene), 5_000);
  });

  it("waits also where it is no JSON, or stands elsewhere", () => {
    const scene = RunScene.of(text.replace(/ {2}after.*\n/, ""));
    const blob = { sha256: new Uint8Array(32).fill(7), size: 9_000_000 };
    const outputPayload = { body: { $case: "blob" as const, value: blob }, mediaType: "image/png" };
    const questions = [{ ...dear, timeoutMs: 0 }];
    scene.driver.settle(scene.offer("ask"), completeTask, {
      ...CompleteTask.fromPartial({ agent: "a" }),
      ...{ outputPayload, questions },
    });
    assert.deepEqual(shown(scene).context, outputPayload);
    decide(scene, "anna", yes);
    assert.deepEqual(scene.state.nodes[0]?.output, outputPayload);
  });

  it("fails its attempt, with what is to be done, while processes of an earlier release share the runs", () => {
    const scene = new RunScene(1, [], {}, { run: 1 });
    scene.begin(text);
    scene.hold("ask", 1, dear);
    assert.equal(scene.events.at(-1), "attempt_failed");
    const failure = scene.state.nodes[0]?.more?.failures.at(-1)?.error;
    assert.equal(failure?.code, "workflow.result_not_held");
    assert.match(failure.message, /Replace these processes, then retry the run/);
  });
});
