/** Admission rules that require an approval of results. An agent's result waits, and counts once after the approval. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AdmissionSubject,
  auditService,
  FindingResult,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import { boardService, JoinMissionRequest, missionService } from "@tutti/contracts/swarm/v1";
import { ActorKind, type Approval, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import {
  DecideApprovalRequest,
  ExplainRunRequest,
  ListApprovalsRequest,
  runService,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, errorFromUnknown, type Principal } from "@tutti/kernel";
import { testContext, until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { rulesOf } from "./admission.fixture.ts";
import { Installation } from "./installation.ts";

const namespace = "default";
const definition = `workflow: price
tasks: {do: {uses: price.ask, with: "\${{ input }}"}}
output: "\${{ tasks.do.output }}"
`;
const expensive = {
  subject: AdmissionSubject.ADMISSION_SUBJECT_RESULT,
  condition: 'subject.work.kind == "mission" ? subject.output != "damn" : subject.output.amount <= 1000',
  verdict: {
    $case: "approval" as const,
    value: { message: "Does ${{ subject.agent }} get what it wants?", deciders: ["boss", "ben"] },
  },
};

describe("admission rules that have results approved", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const mesh = () => installation.host.mesh;
  const rules = rulesOf(() => installation);
  const requests: number[] = [];
  const as = (id: string): CallContext => {
    const principal: Principal = { kind: "person", id, roles: ["admin"] };
    return { ...testContext(), principal };
  };
  const open = async (runId: string): Promise<readonly Approval[]> => {
    const request = ListApprovalsRequest.fromPartial({ namespace, filter: { workId: runId } });
    return (await mesh().client(taskService).listApprovals(request)).approvals;
  };
  const decide = (
    runId: string,
    { approvalId }: Approval,
    user: string,
    isApproved: boolean,
    reason = "",
  ) => {
    const verdict = isApproved ? Verdict.VERDICT_APPROVED : Verdict.VERDICT_REJECTED;
    const request = DecideApprovalRequest.fromPartial({ namespace, runId, approvalId, verdict, reason });
    return mesh()
      .client(taskService)
      .decideApproval(request, { context: as(user) });
  };
  const work = async (): Promise<void> => {
    tutti = await installation.client();
    worker = installation.worker({ agentId: "clerk", slots: 4 });
    worker.handle("price.ask", ({ amount }: { readonly amount: number }) => {
      requests.push(amount);
      return { amount };
    });
    await worker.start();
  };
  const rest = async (): Promise<void> => {
    await worker.stop();
    await tutti[Symbol.asyncDispose]();
  };
  /** Returns a run that the rule has held. Retries, because the rule may arrive after the end of a run. */
  const startHeld = async (amount: number) => {
    for (;;) {
      const run = await tutti.run("price", { input: { amount } });
      const over = run.result().then(
        () => undefined,
        (error: unknown) => error,
      );
      const [question] = await until(
        "the question, or an end without one",
        async () => {
          const questions = await open(run.id);
          return questions.length > 0 || (await Promise.race([over, false])) === undefined ? [questions] : [];
        },
        (some) => some.length > 0,
      );
      if (question?.[0] !== undefined) return { run, question: question[0] };
    }
  };

  before(async () => {
    installation = await Installation.open();
    await work();
    await tutti.workflows.register(definition);
    await rules.set(namespace, "dear", expensive);
  });
  after(async () => {
    await rest();
    await installation?.[Symbol.asyncDispose]();
  });

  it("hold a result durably, explain the wait, and count the result once", async () => {
    const { run, question } = await startHeld(5_000);
    assert.equal(question.title, "Does clerk get what it wants?");
    assert.deepEqual([question.deciders, question.about?.task], [["boss", "ben"], "do"]);
    const { body } = question.context ?? {};
    assert.deepEqual(body?.$case === "inline" && JSON.parse(Buffer.from(body.value).toString()), {
      amount: 5_000,
    });
    const requestsBefore = requests.length;
    await rest();
    await installation.restart();
    await work();
    const { explanation } = await mesh()
      .client(runService)
      .explainRun(ExplainRunRequest.fromPartial({ namespace, runId: run.id, taskId: "do" }));
    assert.match(
      explanation?.summary ?? "",
      /waits for boss, ben to decide, as the rule default\/dear@\d+ wants: Does clerk get what it wants\?/,
    );
    await assert.rejects(decide(run.id, question, "eve", true), /eve is not among the approvers: boss, ben/);
    await decide(run.id, question, "boss", true);
    await decide(run.id, question, "boss", true);
    assert.deepEqual(await (await tutti.runs.get(run.id)).result(), { amount: 5_000 });
    assert.equal(requests.length, requestsBefore, "no second request was made");
  });

  it("fail the task of a rejected result, with approver and reason", async () => {
    const { run, question } = await startHeld(7_000);
    await decide(run.id, question, "ben", false, "not this month");
    await assert.rejects(run.result(), /Task `do` was rejected by ben: not this month/);
  });

  it("record request and decision in the audit log", async () => {
    const { run, question } = await startHeld(9_000);
    await decide(run.id, question, "boss", true);
    const found = await until(
      "the finding",
      () => rules.findings(namespace, "dear"),
      (some) => some.some(({ work }) => work?.id === run.id),
    );
    const finding = found.find(({ work }) => work?.id === run.id);
    assert.equal(finding?.result, FindingResult.FINDING_RESULT_ASKED);
    const filter = { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "boss" }, text: run.id };
    const search = SearchRecordsRequest.fromPartial({ namespace, filter });
    const { records } = await until(
      "the decision",
      () => mesh().client(auditService).searchRecords(search),
      (reply) => reply.records.some(({ action }) => action === "run.approval_decided"),
    );
    assert.ok(records.every(({ cause }) => cause?.actor?.id === "boss"));
  });

  it("hold results of agents for claimed tasks of a board", async () => {
    const missions = mesh().client(missionService);
    const board = mesh().client(boardService);
    const [missionId, agentId] = ["held", "talker"];
    const spec = {
      assignment: swarm.Assignment.ASSIGNMENT_CLAIMED,
      tasks: [{ id: "word", work: { $case: "capability" as const, value: "word.give" } }],
    };
    const what = { $case: "spec" as const, value: spec };
    await missions.startMission(swarm.StartMissionRequest.fromPartial({ namespace, missionId, what }));
    const offering = { capabilities: [{ name: "word.give", version: "1.0.0" }] };
    await board.joinMission(JoinMissionRequest.fromPartial({ namespace, missionId, agentId, offering }));
    const place = { namespace, missionId, agentId };
    const { tasks } = await board.claimTasks(
      swarm.ClaimTasksRequest.fromPartial({ ...place, waitMs: 5_000 }),
    );
    const claimId = tasks[0]?.claim?.claimId ?? "";
    const value = { body: { $case: "inline" as const, value: Buffer.from('"damn"') } };
    const ends = [{ claimId, outcome: { $case: "output" as const, value } }];
    await board.completeTasks(swarm.CompleteTasksRequest.fromPartial({ ...place, ends }));
    const statusOf = async () => {
      const { tasks: now } = await board.listTasks(
        swarm.ListTasksRequest.fromPartial({ namespace, missionId }),
      );
      return now[0]?.status;
    };
    assert.equal(await statusOf(), TaskStatus.TASK_STATUS_WAITING);
    const { approvals } = await missions.listMissionApprovals(
      swarm.ListMissionApprovalsRequest.fromPartial({ namespace, filter: { workId: missionId } }),
    );
    const approvalId = approvals[0]?.approvalId ?? "";
    const answer = (user: string) =>
      missions
        .decideMissionApproval(
          swarm.DecideMissionApprovalRequest.fromPartial({
            ...{ namespace, missionId, approvalId, verdict: Verdict.VERDICT_APPROVED },
          }),
          { context: as(user) },
        )
        .then(
          () => "taken",
          (error: unknown) => errorFromUnknown(error).code,
        );
    assert.deepEqual([await answer("eve"), await answer("boss")], ["mission.approval_not_among", "taken"]);
    assert.equal(await statusOf(), TaskStatus.TASK_STATUS_COMPLETED);
  });
});
