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
import { type ApprovalsShown, showApprovals } from "./questions.ts";

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
const { VERDICT_APPROVED: yes, VERDICT_REJECTED: no, VERDICT_UNSPECIFIED: open } = Verdict;

function decide(scene: RunScene, who: string, verdict: Verdict, data?: unknown, roles: string[] = []) {
  const given = data === undefined ? {} : { data: { body: { $case: "inline", value: jsonBytes(data) } } };
  const body = DecideApproval.fromPartial({
    ...{ approvalId: "sure", verdict, reason: `says ${who}`, roles: [who, ...roles] },
    ...(given as object),
  });
  return scene.driver.execute(scene.key, decideApproval, body) as ApprovalAnswered | Refusal;
}

function shown(scene: RunScene): Approval {
  const { approvals } = scene.driver.query(scene.key, showApprovals, { from: 0, size: 10 }) as ApprovalsShown;
  assert.ok(approvals[0] !== undefined);
  return approvals[0];
}

describe("an approval", () => {
  it("asks people with all facts, and explains the wait", () => {
    const scene = RunScene.of(text, order);
    const approval = shown(scene);
    assert.deepEqual(
      [approval.title, approval.message, approval.deciders, approval.approvalsNeeded, approval.verdict],
      ["Ship 3?", "all of them", ["anna", "ben", "ops"], 2, open],
    );
    assert.match(approval.form, /amount/);
    assert.equal(scene.driver.description(scene.key).labels["run:person"], "yes");
    const why = scene.driver.query(scene.key, explain, { taskId: "sure" }) as Explanation;
    assert.match(why.summary, /waits for anna, ben, ops to decide: Ship 3\?$/);
    assert.deepEqual(
      why.remedies.map(({ command }) => command),
      [`tutti approve ${scene.key.id} sure`],
    );
  });

  it("whose form requires nothing is given without anything", () => {
    const form = `workflow: ask
tasks:
  sure: {approve: {form: {type: object, properties: {note: {type: string, default: none}}}}}
  after: {needs: [sure], uses: test.after, with: "\${{ tasks.sure.output.data }}"}
`;
    const scene = RunScene.of(form, order);
    assert.ok(!isRefusal(decide(scene, "anna", yes)));
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { note: "none" });
  });

  it("is not given by the person that its task excludes, and is rejected neither", () => {
    const eyes = 'workflow: ask\ntasks: {sure: {approve: {exclude: "${{ input.by }}"}}}\n';
    const scene = RunScene.of(eyes, { input: jsonBytes({ by: "anna" }) });
    for (const verdict of [yes, no]) {
      const refusal = decide(scene, "anna", verdict);
      assert.ok(isRefusal(refusal));
      assert.equal(refusal.message, "anna is excluded from this decision. Ask another approver.");
    }
    assert.deepEqual(decide(scene, "ben", yes), { verdict: yes });
    const free = RunScene.of(eyes, { input: jsonBytes({ by: "" }) });
    assert.deepEqual(decide(free, "anna", yes), { verdict: yes });
  });

  it("is given when so many as are needed have said yes, with what they brought along", () => {
    const scene = RunScene.of(text, order);
    assert.deepEqual(decide(scene, "anna", yes, { amount: 1 }), { verdict: open });
    assert.deepEqual(decide(scene, "carl", yes, { amount: 7 }, ["ops"]), { verdict: yes });
    const output = jsonOf(scene.offer("after").effect.input as Uint8Array);
    assert.deepEqual(output, {
      verdict: "approved",
      by: ["anna", "carl"],
      comment: "says carl",
      data: { amount: 7 },
    });
    assert.equal(scene.driver.description(scene.key).labels["run:person"], undefined);
    assert.deepEqual(
      shown(scene).decisions.map(({ cause }) => cause?.actor?.id),
      ["anna", "carl"],
    );
  });

  it("is changed by nothing when the same person says the same again, before and after the last word", () => {
    const scene = RunScene.of(text, order);
    for (let time = 0; time < 2; time++)
      assert.deepEqual(decide(scene, "anna", yes, { amount: 1 }), { verdict: open });
    assert.deepEqual(shown(scene).decisions.length, 1);
    decide(scene, "ben", yes, { amount: 1 });
    const count = scene.events.length;
    assert.deepEqual(decide(scene, "anna", yes), { verdict: yes });
    assert.equal(scene.events.length, count);
  });

  it("is refused by one rejection, also of a person who approved before", () => {
    const scene = RunScene.of(text, order);
    decide(scene, "anna", yes, { amount: 1 });
    assert.deepEqual(decide(scene, "anna", no), { verdict: no });
    const { error } = endingOf(scene.state);
    assert.equal(error?.code, "workflow.approval_rejected");
    assert.match(error.message, /rejected by anna: says anna/);
  });

  it("refuses other deciders, data that does not fit the form, and late decisions, each with its reason", () => {
    const scene = RunScene.of(text, order);
    const codeOf = (answer: ApprovalAnswered | Refusal) => (isRefusal(answer) ? answer.code : "taken");
    assert.equal(codeOf(decide(scene, "eve", yes, { amount: 1 })), "workflow.approval_not_among");
    assert.equal(codeOf(decide(scene, "anna", yes, { amount: "x" })), "workflow.approval_invalid");
    assert.equal(codeOf(decide(scene, "anna", yes)), "workflow.approval_invalid");
    assert.equal(codeOf(decide(scene, "anna", open)), "workflow.approval_invalid");
    const unknown = DecideApproval.fromPartial({ approvalId: "other", verdict: yes });
    assert.equal(
      codeOf(scene.driver.execute(scene.key, decideApproval, unknown) as Refusal),
      "workflow.approval_missing",
    );
    decide(scene, "anna", no);
    assert.equal(codeOf(decide(scene, "ben", yes, { amount: 1 })), "workflow.approval_closed");
  });

  it("lapses without a decision in time", () => {
    const scene = RunScene.of(text, order);
    scene.driver.advance(172_800_000);
    assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    assert.equal(shown(scene).verdict, Verdict.VERDICT_EXPIRED);
  });

  describe("claimed by a person", () => {
    const one = (more: string) =>
      RunScene.of(`workflow: one\ntasks: {sure: {approve: {by: [anna, ben]${more}}}}\n`, order);
    const claim = (scene: RunScene, who: string) =>
      scene.driver.execute(
        scene.key,
        claimApproval,
        ClaimApproval.fromPartial({ approvalId: "sure", roles: [who] }),
      ) as ApprovalTaken | Refusal;
    const release = (scene: RunScene, person: string) =>
      scene.driver.execute(
        scene.key,
        releaseApproval,
        ReleaseApproval.fromPartial({ approvalId: "sure", person }),
      ) as ApprovalFreed | Refusal;
    const codeOf = (answer: object) => (isRefusal(answer as Refusal) ? (answer as Refusal).code : "taken");

    it("is decided by this person alone, and the same claim again changes nothing", () => {
      const scene = one("");
      assert.equal(codeOf(claim(scene, "eve")), "workflow.approval_not_among");
      assert.deepEqual(claim(scene, "anna"), { expireMs: 0 });
      const count = scene.events.length;
      assert.deepEqual(claim(scene, "anna"), { expireMs: 0 });
      assert.equal(scene.events.length, count);
      const second = claim(scene, "ben");
      assert.ok(isRefusal(second));
      assert.match(second.message, /is claimed by anna\. Wait for the decision/);
      for (const verdict of [yes, no])
        assert.equal(codeOf(decide(scene, "ben", verdict)), "workflow.approval_claimed");
      assert.equal(shown(scene).claim?.person, "anna");
      const why = scene.driver.query(scene.key, explain, { taskId: "sure" }) as { summary: string };
      assert.match(why.summary, /waits for anna, who has claimed it, to decide/);
      assert.deepEqual(decide(scene, "anna", yes), { verdict: yes });
      assert.equal(shown(scene).claim, undefined);
      assert.equal(codeOf(claim(scene, "anna")), "workflow.approval_closed");
    });

    it("is free after a release that names this person, once", () => {
      const scene = one("");
      claim(scene, "anna");
      assert.equal(codeOf(release(scene, "ben")), "workflow.approval_claimed");
      assert.deepEqual(release(scene, "anna"), { released: true });
      assert.deepEqual(release(scene, "anna"), { released: false });
      assert.deepEqual(decide(scene, "ben", yes), { verdict: yes });
    });

    it("is free again after the time of the claim, also if it has been recovered meanwhile", () => {
      const scene = one(", claimFor: 5s, within: 1m");
      claim(scene, "anna");
      scene.driver.advance(4_000);
      assert.equal(codeOf(claim(scene, "ben")), "workflow.approval_claimed");
      scene.driver.advance(1_000);
      assert.equal(shown(scene).claim, undefined);
      assert.equal(codeOf(claim(scene, "ben")), "taken");
      scene.driver.advance(5_000);
      assert.equal(shown(scene).verdict, open);
      scene.driver.advance(50_000);
      assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    });

    it("lapses if its own time ends before that of the claim", () => {
      const scene = one(", claimFor: 1h, within: 1m");
      claim(scene, "anna");
      scene.driver.advance(60_000);
      assert.equal(endingOf(scene.state).error?.code, "workflow.approval_expired");
    });

    it("is refused if several have to answer, or processes of an earlier release share the runs", () => {
      assert.equal(codeOf(claim(RunScene.of(text, order), "anna")), "workflow.approval_shared");
      const scene = new RunScene(1, [], {}, { run: 3 });
      scene.begin("workflow: one\ntasks: {sure: {approve: {}}}\n");
      assert.equal(codeOf(claim(scene, "anna")), "workflow.approval_claims_later");
    });
  });

  describe("delegated by a decider", () => {
    const give = (scene: RunScene, who: string, people: string[], roles: string[] = []) =>
      scene.driver.execute(
        scene.key,
        delegateApproval,
        DelegateApproval.fromPartial({
          approvalId: "sure",
          people,
          roles: [who, ...roles],
          reason: "on leave",
        }),
      ) as object;
    const of = (terms: string) => RunScene.of(`workflow: one\ntasks: {sure: {approve: {${terms}}}}\n`, order);
    const two = () => of("by: [anna, ben, carl], needed: 2");
    const codeOf = (answer: object) => (isRefusal(answer as Refusal) ? (answer as Refusal).code : "taken");

    it("belongs to the others, if one person decides it, until it is given back", () => {
      const scene = of("by: [anna, ops]");
      assert.equal(codeOf(give(scene, "eve", ["eva"])), "workflow.approval_not_among");
      assert.equal(codeOf(give(scene, "otto", ["dave"], ["ops"])), "taken");
      const count = scene.events.length;
      assert.equal(codeOf(give(scene, "otto", ["dave"], ["ops"])), "taken");
      assert.equal(scene.events.length, count, "the same again changes nothing");
      assert.deepEqual(shown(scene).deciders, ["dave"]);
      assert.deepEqual(shown(scene).excluded, ["otto"]);
      assert.equal(codeOf(decide(scene, "otto", yes, undefined, ["ops"])), "workflow.approval_delegated");
      assert.equal(codeOf(decide(scene, "anna", yes)), "workflow.approval_not_among");
      assert.equal(codeOf(give(scene, "dave", ["otto"])), "taken");
      assert.equal(codeOf(decide(scene, "dave", yes)), "workflow.approval_delegated");
      assert.deepEqual(decide(scene, "otto", yes), { verdict: yes });
    });

    it("counts the answers of the others once, next to those that were given before", () => {
      const scene = two();
      decide(scene, "ben", yes);
      give(scene, "anna", ["dora", "emil"]);
      assert.deepEqual(shown(scene).deciders, ["ben", "carl", "dora", "emil"]);
      assert.deepEqual(decide(scene, "dora", yes), { verdict: yes });
      assert.deepEqual(
        shown(scene).decisions.map(({ cause, onBehalfOf }) => [cause?.actor?.id, onBehalfOf]),
        [
          ["ben", ""],
          ["dora", "anna"],
        ],
      );
    });

    it("counts two of the others as the one decider, also further on", () => {
      const scene = two();
      give(scene, "anna", ["dora", "emil"]);
      assert.deepEqual(decide(scene, "dora", yes), { verdict: open });
      assert.equal(codeOf(give(scene, "dora", ["fred"])), "workflow.delegation_invalid");
      give(scene, "emil", ["fred"]);
      assert.deepEqual(decide(scene, "fred", yes), { verdict: open });
      assert.equal(codeOf(decide(scene, "emil", yes)), "workflow.approval_delegated");
      assert.deepEqual(decide(scene, "ben", yes), { verdict: yes });
    });

    it("gives no person a second answer, and none to the excluded one", () => {
      const scene = two();
      decide(scene, "ben", yes);
      give(scene, "carl", ["dora"]);
      for (const people of [["ben"], ["dora"], ["carl"], ["anna"], []])
        assert.equal(codeOf(give(scene, "anna", people)), "workflow.delegation_invalid", people.join());
      assert.equal(codeOf(give(scene, "ben", ["emil"])), "workflow.delegation_invalid");
      const starter = RunScene.of('workflow: one\ntasks: {sure: {approve: {exclude: "${{ input.by }}"}}}\n', {
        input: jsonBytes({ by: "boss" }),
      });
      assert.equal(codeOf(give(starter, "anna", ["boss"])), "workflow.approval_excluded");
      give(starter, "anna", ["admins"]);
      assert.equal(codeOf(decide(starter, "boss", yes, undefined, ["admins"])), "workflow.approval_excluded");
    });

    it("ends the claim of the decider, and is refused while another person has it", () => {
      const scene = of("by: [anna, ben]");
      scene.driver.execute(
        scene.key,
        claimApproval,
        ClaimApproval.fromPartial({ approvalId: "sure", roles: ["anna"] }),
      );
      assert.equal(codeOf(give(scene, "ben", ["dora"])), "workflow.approval_claimed");
      give(scene, "anna", ["dora"]);
      assert.equal(shown(scene).claim, undefined);
      assert.deepEqual(decide(scene, "dora", yes), { verdict: yes });
    });
  });

  it("is withdrawn with its run, and is another question when it is asked again", () => {
    const scene = RunScene.of(text, order);
    const first = shown(scene).approvalId;
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(shown(scene).verdict, Verdict.VERDICT_WITHDRAWN);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_RUNNING);
    const second = shown(scene).approvalId;
    assert.notEqual(first, second);
    const late = DecideApproval.fromPartial({ approvalId: first, verdict: yes, roles: ["anna"] });
    assert.ok(isRefusal(scene.driver.execute(scene.key, decideApproval, late)));
  });
});
