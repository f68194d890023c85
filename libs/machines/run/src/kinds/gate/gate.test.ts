import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { DecideApproval, EndChild, WithdrawRun } from "@tutti/contracts/workflow/v1";
import { retryRun } from "../../life/repair/commands.ts";
import { decideApproval } from "../../life/results/approvals.ts";
import { confirmChild, endChild } from "../../life/results/children.ts";
import { endingOf } from "../../life/run/end.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";

const review = `workflow: review
tasks:
  plan: {uses: test.plan}
  write: {uses: test.write, needs: [plan], with: {feedback: "\${{ feedback }}"}, retry: {attempts: 2, backoff: 1s}}
  print: {uses: test.print, needs: [write]}
  sure:
    needs: [print]
    gate:
      checks: {long: "size(tasks.write.output) > 3", good: "tasks.write.output != 'poor'"}
      sendBack: write
      times: 2
      report: {said: "\${{ tasks.write.output }}"}
  after: {uses: test.after, needs: [sure], with: "\${{ tasks.sure.output }}"}
`;

function completeRound(scene: RunScene, text: string): void {
  scene.complete("write", text);
  scene.complete("print");
}

const inputOf = (scene: RunScene, task: string) => jsonOf(scene.offer(task).effect.input as Uint8Array);

describe("a gate", () => {
  it("accepts good work, and returns the results of its checks", () => {
    const scene = RunScene.of(review);
    scene.complete("plan");
    completeRound(scene, "good work");
    assert.deepEqual(inputOf(scene, "after"), {
      passed: true,
      checks: [
        { name: "long", passed: true },
        { name: "good", passed: true },
      ],
      sentBack: 0,
    });
  });

  it("sends work back with a report, and all that follows is done again", () => {
    const scene = RunScene.of(review);
    scene.complete("plan");
    assert.deepEqual(inputOf(scene, "write"), { feedback: null });
    completeRound(scene, "no");
    assert.deepEqual(scene.offered, ["write"], "what it rests on stays");
    assert.deepEqual(inputOf(scene, "write"), { feedback: { said: "no" } });
    assert.equal(scene.offer("write").effect.attempt, 1, "attempts count anew");
    completeRound(scene, "better");
    assert.equal((inputOf(scene, "after") as { sentBack: number }).sentBack, 1);
  });

  it("sends back twice, then fails with all reports", () => {
    const scene = RunScene.of(review);
    scene.complete("plan");
    for (const text of ["poor", "no", "poor"]) completeRound(scene, text);
    const { error } = endingOf(scene.state);
    assert.equal(error?.code, "workflow.gate_failed");
    assert.match(error.message, /Gate `sure` still fails good after the work was sent back 2 times/);
    const { "report.1": one, "report.2": two, "report.3": three } = error.details;
    assert.deepEqual([one, two, three], ['{"said":"poor"}', '{"said":"no"}', '{"said":"poor"}']);
  });

  it("may send work back again after a manual retry", () => {
    const scene = RunScene.of(review.replace("times: 2", "times: 1"));
    scene.complete("plan");
    for (const text of ["no", "no"]) completeRound(scene, text);
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_FAILED);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(scene.offered, ["write"]);
    completeRound(scene, "good");
    assert.deepEqual(scene.offered, ["after"]);
  });

  it("without a task to send back to fails at once, with a default report", () => {
    const scene = RunScene.of(
      `workflow: bare
tasks:
  sure: {gate: {check: input.ok}}
`,
      { input: jsonBytes({ ok: false }) },
    );
    const { error } = endingOf(scene.state);
    assert.deepEqual(
      [error?.code, error?.details["report.1"]],
      ["workflow.gate_failed", '{"checks":["check"]}'],
    );
  });

  it("fails, and does not send back, when a check cannot be evaluated", () => {
    const scene = RunScene.of(review);
    scene.complete("plan");
    scene.complete("write", 7);
    scene.complete("print");
    assert.equal(endingOf(scene.state).error?.code, "workflow.expression_failed");
  });

  it("stops the running child of a task that is done again", () => {
    const scene = RunScene.of(`workflow: stops
tasks:
  write: {uses: test.write}
  sub: {workflow: other, needs: [write]}
  sure: {gate: {check: tasks.write.output == 'good', sendBack: write}}
`);
    scene.complete("write", "bad");
    assert.deepEqual(
      scene.driver.messages.map(({ type, to }) => [type, to.id]),
      [["withdraw_run", "r..sub..1"]],
    );
    assert.equal(
      WithdrawRun.decode(scene.driver.messages[0]?.payload ?? new Uint8Array(0)).reason,
      "sub of r was stopped",
    );
    assert.deepEqual(scene.offered, ["write"]);
  });

  it("in a round of a loop sends back within the round", () => {
    const scene = RunScene.of(`workflow: rounds
tasks:
  all:
    loop:
      max: 2
      until: "true"
      tasks:
        write: {uses: test.write, with: "\${{ feedback }}"}
        sure: {gate: {check: tasks.write.output == 'good', sendBack: write, report: again}}
`);
    scene.complete("all#1.write", "bad");
    assert.equal(inputOf(scene, "all#1.write"), "again");
    scene.complete("all#1.write", "good");
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_COMPLETED);
  });
});

const checked = `workflow: checked
tasks:
  plan: {uses: test.plan}
  write:
    uses: test.write
    needs: [plan]
    with: "\${{ feedback }}"
    retry: {attempts: 2, backoff: 1s, jitter: 0}
    checks:
      - {name: long, condition: size(output) > 3, onFailure: KIND}
  after: {uses: test.after, needs: [write]}
`;

describe("a check of an output", () => {
  it("fails the attempt, which is retried by the policy of the task", () => {
    const scene = RunScene.of(checked.replace("KIND", "fail"));
    scene.complete("plan");
    scene.complete("write", "no");
    assert.equal(scene.events.at(-1), "attempt_failed");
    scene.driver.advance(1_000);
    scene.complete("write", "no");
    assert.equal(endingOf(scene.state).error?.code, "workflow.check_failed");
  });

  it("sends work back: the task runs again with the failed check and its output as feedback", () => {
    const scene = RunScene.of(checked.replace("KIND", "sendBack"));
    scene.complete("plan");
    scene.complete("write", "no");
    assert.deepEqual(inputOf(scene, "write"), { check: "long", output: "no" });
    scene.complete("write", "long enough");
    assert.deepEqual(scene.offered, ["after"]);
  });

  it("sends work back to another task, and fails with the reports when that does not help", () => {
    const scene = RunScene.of(checked.replace("KIND", "sendBack, sendBackTo: plan"));
    for (const text of ["no", "not"]) {
      scene.complete("plan");
      scene.complete("write", text);
    }
    const { error } = endingOf(scene.state);
    assert.equal(error?.code, "workflow.check_failed");
    assert.match(error.details["report.2"] ?? "", /"not"/);
  });

  it("requests an approval, which accepts or rejects the output", () => {
    for (const verdict of [Verdict.VERDICT_APPROVED, Verdict.VERDICT_REJECTED]) {
      const scene = RunScene.of(checked.replace("KIND", "approval"));
      scene.complete("plan");
      scene.complete("write", "no");
      assert.deepEqual(scene.offered, []);
      const body = DecideApproval.fromPartial({ approvalId: "write", verdict, roles: ["anna"] });
      scene.driver.execute(scene.key, decideApproval, body);
      if (verdict === Verdict.VERDICT_APPROVED) assert.deepEqual(scene.offered, ["after"]);
      else assert.equal(endingOf(scene.state).error?.code, "workflow.approval_rejected");
    }
  });

  it("of an entry of a list has that entry done again alone", () => {
    const scene = RunScene.of(
      `workflow: each
tasks:
  each: {forEach: "\${{ input }}", maxParallel: 1, uses: test.work, with: {item: "\${{ item }}", feedback: "\${{ feedback }}"}, checks: [{name: good, condition: output != 'bad', onFailure: sendBack}]}
`,
      { input: jsonBytes(["a", "b"]) },
    );
    scene.complete("each[0]", "good");
    scene.complete("each[1]", "bad");
    assert.deepEqual(scene.offered, ["each[1]"]);
    assert.deepEqual(inputOf(scene, "each[1]"), { item: "b", feedback: { check: "good", output: "bad" } });
    scene.complete("each[1]", "better");
    assert.deepEqual(jsonOf(endingOf(scene.state).output), { each: ["good", "better"] });
  });

  it("applies to the output of a child too, and a repeated end of the child does not bypass it", () => {
    const scene = RunScene.of(`workflow: parent
tasks:
  sub: {workflow: other, checks: [{name: good, condition: output == 1, onFailure: approval}]}
`);
    const [effect] = scene.driver.effects;
    assert.ok(effect !== undefined);
    scene.driver.settle(effect, confirmChild, {
      id: "r..sub..0",
      hash: "",
      existed: false,
      ending: undefined,
    });
    const ending = { runId: "r..sub..0", status: WorkStatus.WORK_STATUS_COMPLETED, output: jsonBytes(2) };
    for (let index = 0; index < 2; index++)
      scene.driver.execute(scene.key, endChild, EndChild.fromPartial({ taskId: "sub", ending }));
    assert.equal(scene.events.filter((type) => type === "approval_asked").length, 1);
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_RUNNING);
  });
});
