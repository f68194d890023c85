/**
 * Admission rules about plans of sessions. If a rule rejects a plan, no task of it starts. If a rule requires an
 * approval, the plan waits for a user.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AdmissionSubject } from "@tutti/contracts/governance/v1";
import { sessionService } from "@tutti/contracts/session/v1";
import { Verdict, WaitCause } from "@tutti/contracts/types/v1";
import {
  DecideApprovalRequest,
  ListApprovalsRequest,
  ListRunsRequest,
  runService,
  taskService,
} from "@tutti/contracts/workflow/v1";
import type { CallContext, Principal } from "@tutti/kernel";
import { testContext, until } from "@tutti/kernel/testing";
import { type Question, SessionOrchestrator, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { type RuleInput, rulesOf } from "./admission.fixture.ts";
import { Installation } from "./installation.ts";

const { ADMISSION_SUBJECT_PLAN: subject } = AdmissionSubject;
const namespace = "default";
const boss: Principal = { kind: "person", id: "boss", roles: ["admin"] };
const asBoss = (): CallContext => ({ ...testContext(), principal: boss });
/** Only a plan lists the agents of its tasks. */
const condition = 'subject.tasks.all(task, task.agent != "clerk")';
const deny = {
  $case: "deny" as const,
  value: { message: "${{ subject.session }} may not be done by clerk" },
};
const approval = {
  $case: "approval" as const,
  value: { message: "may clerk do ${{ subject.session }}?", deciders: ["boss"] },
};

describe("admission rules about plans", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  let brewed = 0;
  const mesh = () => installation.host.mesh;
  const rules = rulesOf(() => installation);
  const set = (ruleId: string, verdict: RuleInput["verdict"]) =>
    rules.set(namespace, ruleId, { subject, condition, verdict });
  const start = () =>
    tutti.run({
      mode: "intelligence",
      tasks: [
        { id: "boil", uses: "tea.brew" },
        { id: "steep", uses: "tea.brew", needs: ["boil"] },
      ],
    });

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "clerk", slots: 4 });
    worker.handle("tea.brew", () => {
      brewed++;
      return "tea";
    });
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it("fail a session whose plan they refuse before any of its tasks starts", async () => {
    await set("elsewhere", deny);
    const plan = async () => (await start()).result();
    await until(
      "the rule",
      () => plan().then(() => "", String),
      (text) => text !== "",
    );
    const before = brewed;
    await assert.rejects(plan(), /default\/elsewhere@\d+: .* may not be done by clerk/);
    assert.equal(brewed, before);
    await rules.remove(namespace, "elsewhere");
  });

  const waitOf = async (sessionId: string, taskId = "") => {
    const request = { namespace, sessionId, taskId };
    const { explanation } = await mesh().client(sessionService).explainSession(request);
    const isApprovalWait = ({ present, cause }: { present: boolean; cause: WaitCause }) =>
      present && cause === WaitCause.WAIT_CAUSE_APPROVAL;
    return explanation?.waits.find(isApprovalWait);
  };
  /** Returns a session fully under review. Retries, because the rule may reach the planner after the first task. */
  const startHeld = () =>
    until("a session under review", async () => {
      const session = await start();
      const isLate = async () => {
        const { outcome, tasks } = await session.get();
        return outcome !== undefined || (tasks?.completed ?? 0) > 0;
      };
      const hasQuestion = async () => (await waitOf(session.id, "boil")) !== undefined;
      await until("a task done or a question", async () => (await isLate()) || (await hasQuestion()));
      if (!(await isLate())) return session;
      await session.cancel("the rule came late");
      return undefined;
    });
  const decide = async (sessionId: string, verdict: Verdict, reason: string) => {
    const wait = await until(`the request about ${sessionId}`, () => waitOf(sessionId));
    assert.equal(wait.message, `may clerk do ${sessionId}?`);
    const tasks = mesh().client(taskService);
    const request = ListApprovalsRequest.fromPartial({ namespace, filter: { workId: wait.subject } });
    const open = async () => (await tasks.listApprovals(request)).approvals[0];
    const { approvalId, message } = await until("it in the list", open);
    assert.equal(message, wait.message);
    const decision = { namespace, runId: wait.subject, approvalId, verdict, reason };
    await tasks.decideApproval(DecideApprovalRequest.fromPartial(decision), { context: asBoss() });
  };

  it("hold a session whose plan needs approval until a person approves it, and fail it with the name of the person who rejects it", async () => {
    await set("asked", approval);
    const first = await startHeld();
    const before = brewed;
    const wait = await until("why a task of it waits", () => waitOf(first.id, "boil"));
    assert.equal(wait.message, `may clerk do ${first.id}?`);
    await decide(first.id, Verdict.VERDICT_APPROVED, "it has time");
    await first.result();
    assert.equal(brewed, before + 2, "each was done once, and none before the yes");
    const other = await startHeld();
    await decide(other.id, Verdict.VERDICT_REJECTED, "it is needed elsewhere");
    await assert.rejects(other.result(), /boss rejected the request \(it is needed elsewhere\)/);
    assert.equal(brewed, before + 2);
    await rules.remove(namespace, "asked");
  });

  it("hold a decision of a user's orchestrator until its approval, even if the run of that decision is deleted", async () => {
    class Mine extends SessionOrchestrator {
      protected override decide({ tasks }: Question) {
        return {
          start: tasks.filter(({ isReady }) => isReady).map(({ id: task }) => ({ task, agent: "clerk" })),
        };
      }
    }
    await using mine = new Mine("mine.brew", installation.link());
    await mine.start();
    const session = await until("a session under review", async () => {
      const spec = { tasks: [{ id: "boil", uses: "tea.brew" }], mode: { orchestrator: "mine.brew" } };
      await set("decided", approval);
      const started = await tutti.run(spec);
      const isOver = async () => (await started.get()).outcome !== undefined;
      await until("an end or a question", async () => (await isOver()) || (await waitOf(started.id)));
      return (await isOver()) ? undefined : started;
    });
    // A decided request stays readable for a while, because a user may take longer.
    const runs = mesh().client(runService);
    const { runs: all } = await runs.listRuns(ListRunsRequest.fromPartial({ namespace }));
    const approvalRuns = all.filter(({ runId }) => runId.startsWith(session.id));
    assert.equal(approvalRuns.length, 1);
    for (const { runId } of approvalRuns)
      await runs.deleteRun({ namespace, runId, reason: "its time is over" });
    await decide(session.id, Verdict.VERDICT_APPROVED, "it has time");
    assert.deepEqual(await session.result(), { boil: "tea" });
    await rules.remove(namespace, "decided");
  });
});
