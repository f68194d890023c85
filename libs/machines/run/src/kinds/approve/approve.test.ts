import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Approval, type Explanation, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type ApprovalAnswered,
  type ApprovalFreed,
  type ApprovalTaken,
  ClaimApproval,
  DecideApproval,
  DelegateApproval,
  ReleaseApproval,
} from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { cancelRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { retryRun } from "../../life/repair/commands.ts";
import {
  claimApproval,
  decideApproval,
  delegateApproval,
  releaseApproval,
} from "../../life/results/approvals.ts";
import { endingOf } from "../../life/run/end.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { type ApprovalsPage, showApprovals } from "./questions.ts";

const text = `workflow: ask
tasks:
  sure:
    approve:
      by: [anna, ben, ops]
      title: "Ship \${{ input.n }}?"
      message: all of them
      context: {n: "\${{ input.n }}"}
      needed: 2
      within: 2d
      form: {type: object, properties: {amount: {type: integer}}, required: [amount]}
  after: {needs: [sure], uses: test.after, with: "\${{ tasks.sure.output }}"}
`;
const order = { input: jsonBytes({ n: 3 }) };
const { VERDICT_APPROVED: approved, VERDICT_REJECTED: rejected, VERDICT_UNSPECIFIED: open } = Verdict;

function decide(scene: RunScene, person: string, verdict: Verdict, data?: unknown, roles: string[] = []) {
  const optionalData =
    data === undefined ? {} : { data: { body: { $case: "inline", value: jsonBytes(data) } } };
  const body = DecideApproval.fromPartial({
    ...{ approvalId: "sure", verdict, reason: `says ${person}`, roles: [person, ...roles] },
    ...(optionalData as object),
  });
  return scene.driver.execute(scene.key, decideApproval, body) as ApprovalAnswered | Refusal;
}

function approvalOf(scene: RunScene): Approval {
  const { approvals } = scene.driver.query(scene.key, showApprovals, { from: 0, size: 10 }) as ApprovalsPage;
  assert.ok(approvals[0] !== undefined);
  return approvals[0];
}

describe("an approval", () => {
  it("reports its question, deciders and form, and explains the wait", () => {
    const scene = RunScene.of(text, order);
    const approval = approvalOf(scene);
    assert.deepEqual(
      [approval.title, approval.message, approval.deciders, approval.approvalsNeeded, approval.verdict],
      ["Ship 3?", "all of them", ["anna", "ben", "ops"], 2, open],
    );
    assert.match(approval.form, /amount/);
    assert.equal(scene.driver.description(scene.key).labels["run:person"], "yes");
    const explanation = scene.driver.query(scene.key, explain, { taskId: "sure" }) as Explanation;
    assert.match(explanation.summary, /waits for anna, ben, ops to decide: Ship 3\?$/);
    assert.deepEqual(
      explanation.remedies.map(({ text, command }) => [text, command]),
      [
        [
          "Approve it as one of: anna, ben, ops. With --reject: reject it.",
          `tutti approve ${scene.key.id} sure`,
        ],
      ],
    );
  });

  it("whose form has no required fields is given without data", () => {
    const form = `workflow: ask
tasks:
  sure: {approve: {form: {type: object, properties: {note: {type: string, default: none}}}}}
  after: {needs: [sure], uses: test.after, with: "\${{ tasks.sure.output.data }}"}
`;
    const scene = RunScene.of(form, order);
    assert.ok(!isRefusal(decide(scene, "anna", approved)));
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { note: "none" });
  });

  it("cannot be given or rejected by a person that its task excludes", () => {
    const eyes = 'workflow: ask\ntasks: {sure: {approve: {exclude: "${{ input.by }}"}}}\n';
    const scene = RunScene.of(eyes, { input: jsonBytes({ by: "anna" }) });
    for (const verdict of [approved, rejected]) {
      const refusal = decide(scene, "anna", verdict);
      assert.ok(isRefusal(refusal));
      assert.equal(refusal.message, "anna is excluded from this decision. Ask another approver.");
    }
    assert.deepEqual(decide(scene, "ben", approved), { verdict: approved });
    const named = eyes.replace("exclude", "by: [anna, ben], exclude");
    const among = RunScene.of(named, { input: jsonBytes({ by: "anna" }) });
    const { summary } = among.driver.query(among.key, explain, { taskId: "sure" }) as Explanation;
    assert.match(summary, /waits for ben to decide/);
    const free = RunScene.of(eyes, { input: jsonBytes({ by: "" }) });
    assert.deepEqual(decide(free, "anna", approved), { verdict: approved });
  });

  it("is given after the required number of approvals, and returns the latest comment and data", () => {
    const scene = RunScene.of(text, order);
    const answered = () => scene.driver.description(scene.key).labels["run:answered"];
    assert.equal(answered(), undefined);
    assert.deepEqual(decide(scene, "anna", approved, { amount: 1 }), { verdict: open });
    assert.equal(answered(), "yes");
    assert.deepEqual(decide(scene, "carl", approved, { amount: 7 }, ["ops"]), { verdict: approved });
    const output = jsonOf(scene.offer("after").effect.input as Uint8Array);
    assert.deepEqual(output, {
      verdict: "approved",
      by: ["anna", "carl"],
      comment: "says carl",
      data: { amount: 7 },
    });
    assert.equal(scene.driver.description(scene.key).labels["run:person"], undefined);
    assert.deepEqual(
      approvalOf(scene).decisions.map(({ cause }) => cause?.actor?.id),
      ["anna", "carl"],
    );
  });

  it("ignores a repeated decision of the same person, before and after the final decision", () => {
    const scene = RunScene.of(text, order);
    for (let time = 0; time < 2; time++)
      assert.deepEqual(decide(scene, "anna", approved, { amount: 1 }), { verdict: open });
    assert.deepEqual(approvalOf(scene).decisions.length, 1);
    decide(scene, "ben", approved, { amount: 1 });
    const count = scene.events.length;
    assert.deepEqual(decide(scene, "anna", approved), { verdict: approved });
    assert.equal(scene.events.length, count);
  });

  it("takes corrected data of the same person, who counts once", () => {
    const scene = RunScene.of(text, order);
    decide(scene, "anna", approved, { amount: 1 });
    assert.deepEqual(decide(scene, "anna", approved, { amount: 2 }), { verdict: open });
    assert.deepEqual(decide(scene, "anna", approved), { verdict: open });
    assert.equal(approvalOf(scene).decisions.length, 2);
    const { summary } = scene.driver.query(scene.key, explain, { taskId: "sure" }) as Explanation;
    assert.match(summary, /1 of 2 have approved/);
    assert.deepEqual(decide(scene, "ben", approved, { amount: 3 }), { verdict: approved });
    const { by } = jsonOf(scene.offer("after").effect.input as Uint8Array) as { readonly by: string[] };
    assert.deepEqual(by, ["anna", "ben"]);
  });

  it("is rejected by one rejection, even of a person who approved before", () => {
    const scene = RunScene.of(text, order);
    decide(scene, "anna", approved, { amount: 1 });
    assert.deepEqual(decide(scene, "anna", rejected), { verdict: rejected });
    const { error } = endingOf(scene.state);
    assert.equal(error?.code, "workflow.approval_rejected");
    assert.equal(error.message, "Task `sure` was rejected by anna: says anna. Retry the task to ask again.");
    assert.deepEqual([error.details["by"], error.details["reason"]], ["anna", "says anna"]);
    for (const taskId of ["", "sure"]) {
      const { remedies } = scene.driver.query(scene.key, explain, { taskId }) as Explanation;
      const texts = remedies.map(({ text }) => text);
      assert.deepEqual(texts, ["Ask again. Completed tasks keep their results."], "no attempt has a log");
    }
  });

  it("rejects other deciders, data that does not match the form, and late decisions, each with its own code", () => {
    const scene = RunScene.of(text, order);
    const codeOf = (answer: ApprovalAnswered | Refusal) => (isRefusal(answer) ? answer.code : "taken");
    assert.equal(codeOf(decide(scene, "eve", approved, { amount: 1 })), "workflow.approval_not_among");
    assert.equal(codeOf(decide(scene, "anna", approved, { amount: "x" })), "workflow.approval_invalid");
    assert.equal(codeOf(decide(scene, "anna", approved)), "workflow.approval_invalid");
    assert.equal(codeOf(decide(scene, "anna", open)), "workflow.approval_invalid");
    const unknown = DecideApproval.fromPartial({ approvalId: "other", verdict: approved });
    assert.equal(
      codeOf(scene.driver.execute(scene.key, decideApproval, unknown) as Refusal),
      "workflow.approval_missing",
    );
    decide(scene, "anna", rejected);
    assert.equal(codeOf(decide(scene, "ben", approved, { amount: 1 })), "workflow.approval_closed");
  });

  it("lapses without a decision in time", () => {
    const scene = RunScene.of(text, order);
    scene.driver.advance(172_800_000);
    assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    assert.equal(approvalOf(scene).verdict, Verdict.VERDICT_EXPIRED);
  });

  describe("claimed by a person", () => {
    const sceneWith = (more: string) =>
      RunScene.of(`workflow: one\ntasks: {sure: {approve: {by: [anna, ben]${more}}}}\n`, order);
    const claim = (scene: RunScene, person: string) =>
      scene.driver.execute(
        scene.key,
        claimApproval,
        ClaimApproval.fromPartial({ approvalId: "sure", roles: [person] }),
      ) as ApprovalTaken | Refusal;
    const release = (scene: RunScene, person: string) =>
      scene.driver.execute(
        scene.key,
        releaseApproval,
        ReleaseApproval.fromPartial({ approvalId: "sure", person }),
      ) as ApprovalFreed | Refusal;
    const codeOf = (answer: object) => (isRefusal(answer as Refusal) ? (answer as Refusal).code : "taken");

    it("can be decided only by this person, and a repeated claim changes nothing", () => {
      const scene = sceneWith("");
      assert.equal(codeOf(claim(scene, "eve")), "workflow.approval_not_among");
      assert.deepEqual(claim(scene, "anna"), { expireMs: 0 });
      const count = scene.events.length;
      assert.deepEqual(claim(scene, "anna"), { expireMs: 0 });
      assert.equal(scene.events.length, count);
      const second = claim(scene, "ben");
      assert.ok(isRefusal(second));
      assert.match(second.message, /is claimed by anna\. Wait for the decision/);
      for (const verdict of [approved, rejected])
        assert.equal(codeOf(decide(scene, "ben", verdict)), "workflow.approval_claimed");
      assert.equal(approvalOf(scene).claim?.person, "anna");
      const explanation = scene.driver.query(scene.key, explain, { taskId: "sure" }) as { summary: string };
      assert.match(explanation.summary, /waits for anna, who has claimed it, to decide/);
      assert.deepEqual(decide(scene, "anna", approved), { verdict: approved });
      assert.equal(approvalOf(scene).claim, undefined);
      assert.equal(codeOf(claim(scene, "anna")), "workflow.approval_closed");
    });

    it("is free after a release that names this person, once", () => {
      const scene = sceneWith("");
      claim(scene, "anna");
      assert.equal(codeOf(release(scene, "ben")), "workflow.approval_claimed");
      assert.deepEqual(release(scene, "anna"), { released: true });
      assert.deepEqual(release(scene, "anna"), { released: false });
      assert.deepEqual(decide(scene, "ben", approved), { verdict: approved });
    });

    it("is free after the claim expires, and stays open when a second claim expires", () => {
      const scene = sceneWith(", claimFor: 5s, within: 1m");
      claim(scene, "anna");
      scene.driver.advance(4_000);
      assert.equal(codeOf(claim(scene, "ben")), "workflow.approval_claimed");
      scene.driver.advance(1_000);
      assert.equal(approvalOf(scene).claim, undefined);
      assert.equal(codeOf(claim(scene, "ben")), "taken");
      scene.driver.advance(5_000);
      assert.equal(approvalOf(scene).verdict, open);
      scene.driver.advance(50_000);
      assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    });

    it("lapses if its own time ends before that of the claim", () => {
      const scene = sceneWith(", claimFor: 1h, within: 1m");
      claim(scene, "anna");
      scene.driver.advance(60_000);
      assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    });

    it("is refused if several have to answer, or processes of an earlier release share the runs", () => {
      assert.equal(codeOf(claim(RunScene.of(text, order), "anna")), "workflow.approval_shared");
      const scene = new RunScene(1, [], {}, { run: 3 });
      scene.start("workflow: one\ntasks: {sure: {approve: {}}}\n");
      assert.equal(codeOf(claim(scene, "anna")), "workflow.approval_claims_later");
    });
  });

  describe("delegated by a decider", () => {
    const delegate = (scene: RunScene, person: string, people: string[], roles: string[] = []) =>
      scene.driver.execute(
        scene.key,
        delegateApproval,
        DelegateApproval.fromPartial({
          approvalId: "sure",
          people,
          roles: [person, ...roles],
          reason: "on leave",
        }),
      ) as object;
    const of = (terms: string) => RunScene.of(`workflow: one\ntasks: {sure: {approve: {${terms}}}}\n`, order);
    const two = () => of("by: [anna, ben, carl], needed: 2");
    const codeOf = (answer: object) => (isRefusal(answer as Refusal) ? (answer as Refusal).code : "taken");

    it("can be decided only by the delegates if it needs one decision, until it is delegated back", () => {
      const scene = of("by: [anna, ops]");
      assert.equal(codeOf(delegate(scene, "eve", ["eva"])), "workflow.approval_not_among");
      assert.equal(codeOf(delegate(scene, "otto", ["dave"], ["ops"])), "taken");
      const count = scene.events.length;
      assert.equal(codeOf(delegate(scene, "otto", ["dave"], ["ops"])), "taken");
      assert.equal(scene.events.length, count, "the same again changes nothing");
      assert.deepEqual(approvalOf(scene).deciders, ["dave"]);
      assert.deepEqual(approvalOf(scene).excluded, ["otto"]);
      assert.equal(
        codeOf(decide(scene, "otto", approved, undefined, ["ops"])),
        "workflow.approval_delegated",
      );
      assert.equal(codeOf(decide(scene, "anna", approved)), "workflow.approval_not_among");
      assert.equal(codeOf(delegate(scene, "dave", ["otto"])), "taken");
      assert.equal(codeOf(decide(scene, "dave", approved)), "workflow.approval_delegated");
      assert.deepEqual(decide(scene, "otto", approved), { verdict: approved });
    });

    it("counts the decisions of the delegates once, next to earlier decisions", () => {
      const scene = two();
      decide(scene, "ben", approved);
      delegate(scene, "anna", ["dora", "emil"]);
      assert.deepEqual(approvalOf(scene).deciders, ["ben", "carl", "dora", "emil"]);
      assert.deepEqual(decide(scene, "dora", approved), { verdict: approved });
      assert.deepEqual(
        approvalOf(scene).decisions.map(({ cause, onBehalfOf }) => [cause?.actor?.id, onBehalfOf]),
        [
          ["ben", ""],
          ["dora", "anna"],
        ],
      );
    });

    it("counts two delegates as the one decider, also after a further delegation", () => {
      const scene = two();
      delegate(scene, "anna", ["dora", "emil"]);
      assert.deepEqual(decide(scene, "dora", approved), { verdict: open });
      assert.equal(codeOf(delegate(scene, "dora", ["fred"])), "workflow.delegation_invalid");
      delegate(scene, "emil", ["fred"]);
      assert.deepEqual(decide(scene, "fred", approved), { verdict: open });
      assert.equal(codeOf(decide(scene, "emil", approved)), "workflow.approval_delegated");
      assert.deepEqual(decide(scene, "ben", approved), { verdict: approved });
    });

    it("gives no person a second decision, and none to an excluded person", () => {
      const scene = two();
      decide(scene, "ben", approved);
      delegate(scene, "carl", ["dora"]);
      for (const people of [["ben"], ["dora"], ["carl"], ["anna"], []])
        assert.equal(codeOf(delegate(scene, "anna", people)), "workflow.delegation_invalid", people.join());
      assert.equal(codeOf(delegate(scene, "ben", ["emil"])), "workflow.delegation_invalid");
      const starter = RunScene.of('workflow: one\ntasks: {sure: {approve: {exclude: "${{ input.by }}"}}}\n', {
        input: jsonBytes({ by: "boss" }),
      });
      assert.equal(codeOf(delegate(starter, "anna", ["boss"])), "workflow.approval_excluded");
      delegate(starter, "anna", ["admins"]);
      assert.equal(
        codeOf(decide(starter, "boss", approved, undefined, ["admins"])),
        "workflow.approval_excluded",
      );
    });

    it("ends the claim of the decider, and is refused while another person has it", () => {
      const scene = of("by: [anna, ben]");
      scene.driver.execute(
        scene.key,
        claimApproval,
        ClaimApproval.fromPartial({ approvalId: "sure", roles: ["anna"] }),
      );
      assert.equal(codeOf(delegate(scene, "ben", ["dora"])), "workflow.approval_claimed");
      delegate(scene, "anna", ["dora"]);
      assert.equal(approvalOf(scene).claim, undefined);
      assert.deepEqual(decide(scene, "dora", approved), { verdict: approved });
    });
  });

  it("is withdrawn with its run, and a retry of the run creates another approval", () => {
    const scene = RunScene.of(text, order);
    const first = approvalOf(scene).approvalId;
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(approvalOf(scene).verdict, Verdict.VERDICT_WITHDRAWN);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_RUNNING);
    const second = approvalOf(scene).approvalId;
    assert.notEqual(first, second);
    const late = DecideApproval.fromPartial({ approvalId: first, verdict: approved, roles: ["anna"] });
    assert.ok(isRefusal(scene.driver.execute(scene.key, decideApproval, late)));
  });
});
