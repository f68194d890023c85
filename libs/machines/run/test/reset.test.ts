/** Effects of a reset outside of the run: questions, children, and the run that continued it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { DecideApproval, ResetRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { statusOf } from "../src/core/state/state.ts";
import { showSnapshot } from "../src/life/queries/snapshot.ts";
import { resetRun } from "../src/life/repair/commands.ts";
import { decideApproval } from "../src/life/results/approvals.ts";
import { runMachine } from "../src/machine.ts";
import { RunScene } from "../src/testing/index.ts";

function snapshotOf(scene: RunScene): { readonly toEvent: number; readonly snapshot: Uint8Array } {
  const reply = scene.driver.query(scene.key, showSnapshot, undefined);
  assert.ok(!isRefusal(reply));
  return { toEvent: scene.events.length, snapshot: reply.bytes };
}

function reset(scene: RunScene, before: ReturnType<typeof snapshotOf>, key = scene.key): void {
  scene.driver.execute(key, resetRun, ResetRun.fromPartial({ ...before, reason: "once more" }));
}

describe("a run that is reset", () => {
  it("requests approval again under another id, and rejects a decision on the earlier approval", () => {
    const scene = RunScene.of("workflow: w\ntasks:\n  a: {uses: t.a}\n  sure: {approve: {}, needs: [a]}\n");
    const before = snapshotOf(scene);
    const approvalId = () => scene.state.nodes[1]?.more?.question?.approvalId ?? "";
    scene.complete("a");
    const first = approvalId();
    reset(scene, before);
    scene.complete("a");
    assert.notEqual(approvalId(), first);
    const late = DecideApproval.fromPartial({ approvalId: first, verdict: Verdict.VERDICT_APPROVED });
    const answer = scene.driver.execute(scene.key, decideApproval, late);
    assert.ok(isRefusal(answer) && answer.code === "workflow.approval_missing");
  });

  it("continues as another run, and the earlier continuation is withdrawn with all its effects", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks: {a: {uses: t.a}}\ncontinueAsNew: {when: run.incarnation < 4}\n",
    );
    const before = snapshotOf(scene);
    const at = (id: string) =>
      scene.driver.state({ ...scene.key, id }, runMachine({ plans: scene.definitions }));
    const completeOf = (id: string) => {
      const due = scene.driver.effects.find(({ key }) => key.id === id);
      assert.ok(
        due !== undefined,
        `${id} has something to do, of ${scene.driver.effects.map(({ key }) => key.id)}`,
      );
      scene.driver.settleBy(due, "complete_task", {
        output: new Uint8Array(0),
        agent: "",
        runMs: 1,
        questions: [],
      });
      scene.driver.deliverAll();
    };
    completeOf("r");
    completeOf("r...2");
    reset(scene, before);
    scene.driver.deliverAll();
    assert.equal(statusOf(at("r...3")), WorkStatus.WORK_STATUS_CANCELLED);
    for (const id of ["r", "r..1...2", "r..1...2...3"]) completeOf(id);
    completeOf("r..1...2...3...4");
    assert.equal(statusOf(at("r..1...2...3...4")), WorkStatus.WORK_STATUS_COMPLETED);
  });
});
