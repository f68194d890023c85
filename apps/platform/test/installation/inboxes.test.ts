/** People as agents: tasks whose capabilities people provide through inboxes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentKind } from "@tutti/contracts/agent/v1";
import { auditService, SearchRecordsRequest } from "@tutti/contracts/governance/v1";
import { ExecuteSessionRequest, Mode, sessionService } from "@tutti/contracts/session/v1";
import {
  agentService,
  DelegateInboxTaskRequest,
  DeleteInboxRequest,
  GetInboxRequest,
  Inbox,
  inboxService,
  ListAgentsRequest,
} from "@tutti/contracts/swarm/v1";
import { ActorKind, type Approval, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  CancelRunRequest,
  DecideApprovalRequest,
  definitionService,
  ListApprovalsRequest,
  ListDefinitionsRequest,
  ListTasksRequest,
  RegisterDefinitionRequest,
  runService,
  SourceFormat,
  StartRunRequest,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, isTuttiError, type Principal } from "@tutti/kernel";
import { testContext, until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

const form = JSON.stringify({
  type: "object",
  required: ["accepted"],
  properties: { accepted: { type: "boolean" } },
});

describe("people as agents", () => {
  let installation: Installation;
  const mesh = () => installation.host.mesh;
  const as = (id: string, roles: string[] = ["admin"]): CallContext => {
    const principal: Principal = { kind: "person", id, roles };
    return { ...testContext(), principal };
  };
  const set = (namespace: string, input: Parameters<typeof Inbox.fromPartial>[0]) => {
    const capabilities = [
      { name: "pay.review", version: "1.0.0", description: "Refund?", outputSchema: form },
    ];
    const inbox = Inbox.fromPartial({ inboxId: "finance", capabilities, ...input });
    return mesh().client(inboxService).setInbox({ namespace, inbox, revision: "", reason: "" });
  };
  const show = async (namespace: string, inboxId = "finance") =>
    (await mesh().client(inboxService).getInbox(GetInboxRequest.fromPartial({ namespace, inboxId }))).inbox;
  const review = "{check: {uses: pay.review, with: 7}}";
  const register = (namespace: string, name: string, text = review) => {
    const source = {
      ...{ format: SourceFormat.SOURCE_FORMAT_YAML, fileName: "" },
      text: `workflow: ${name}\ntasks: ${text}\noutput: "\${{ tasks.check.output }}"\n`,
    };
    return mesh()
      .client(definitionService)
      .registerDefinition(RegisterDefinitionRequest.fromPartial({ namespace, source }));
  };
  const start = async (namespace: string, runId: string, text = review) => {
    await register(namespace, runId, text);
    const spec = { what: { $case: "definition" as const, value: { name: runId } } };
    await mesh()
      .client(runService)
      .startRun(StartRunRequest.fromPartial({ namespace, runId, spec }), {
        context: as("starter"),
      });
  };
  const end = async (namespace: string, runId: string) => {
    for (;;) {
      const request = AwaitRunRequest.fromPartial({ namespace, runId, waitMs: 10_000 });
      const { run } = await mesh().client(runService).awaitRun(request);
      if (run?.endTime !== undefined) return run;
    }
  };
  const outputOf = (run: Awaited<ReturnType<typeof end>>) => {
    const result = run.outcome?.result;
    assert.equal(result?.$case, "completed", JSON.stringify(result));
    assert.ok(result?.$case === "completed" && result.value.body?.$case === "inline");
    return JSON.parse(Buffer.from(result.value.body.value).toString());
  };
  const open = async (namespace: string, workId = ""): Promise<readonly Approval[]> => {
    const request = ListApprovalsRequest.fromPartial({ namespace, filter: { workId } });
    return (await mesh().client(taskService).listApprovals(request)).approvals;
  };
  const questions = (namespace: string, count = 1) =>
    until(
      "the tasks in the inbox",
      () => open(namespace),
      (some) => some.length === count,
    );
  const decide = (
    namespace: string,
    user: string,
    approval: Approval | undefined,
    data: unknown,
    rejection = "",
  ) => {
    const verdict = rejection === "" ? Verdict.VERDICT_APPROVED : Verdict.VERDICT_REJECTED;
    const { about, approvalId = "" } = approval ?? {};
    const request = DecideApprovalRequest.fromPartial({
      ...{ namespace, runId: about?.id ?? "", approvalId, verdict, reason: rejection },
      ...(data !== undefined && {
        data: { body: { $case: "inline", value: Buffer.from(JSON.stringify(data)) } },
      }),
    });
    return mesh()
      .client(taskService)
      .decideApproval(request, { context: as(user) });
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: unknown) => (isTuttiError(error) ? error.code : String(error)),
    );

  before(async () => {
    installation = await Installation.open();
  });
  after(() => installation?.[Symbol.asyncDispose]());

  it("a task of their capability waits for them, with its input and a form, and gets their answer", async () => {
    const namespace = "shop";
    await set(namespace, { people: ["ann"] });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    assert.equal(question?.title, "Refund?");
    assert.equal(question?.message, "Task `check` of run `order-1`, capability `pay.review`.");
    assert.deepEqual(JSON.parse(question?.form ?? ""), JSON.parse(form));
    const context = question?.context?.body;
    assert.equal(context?.$case === "inline" && Buffer.from(context.value).toString(), "7");
    assert.equal((await show(namespace))?.openTasks, 1);
    const work = { namespace, kind: "run", id: "order-1", task: "check" };
    assert.deepEqual(question?.inboxTask, { inbox: "finance", capability: "pay.review", about: work });
    assert.deepEqual(await open(namespace, "order-1"), [question], "a run has the questions of its tasks");
    const reasons = async () => {
      const request = ListTasksRequest.fromPartial({ namespace, runId: "order-1" });
      const { tasks } = await mesh().client(taskService).listTasks(request);
      return tasks.map(({ statusReason }) => statusReason);
    };
    assert.deepEqual(await reasons(), ["in the inbox finance: tutti approve order-1 check"]);
    const { agents } = await mesh()
      .client(agentService)
      .listAgents(ListAgentsRequest.fromPartial({ namespace }));
    assert.deepEqual(
      agents.map(({ agentId, kind, attempts }) => [agentId, kind, attempts]),
      [["finance", AgentKind.AGENT_KIND_PERSON, 1]],
    );
    assert.equal(
      await codeOf(decide(namespace, "eve", question, { accepted: true })),
      "workflow.approval_not_among",
    );
    assert.equal(
      await codeOf(decide(namespace, "ann", question, { accepted: 1 })),
      "workflow.approval_invalid",
    );
    await decide(namespace, "ann", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
    assert.deepEqual(await reasons(), [""]);
    await until("the slot is free", async () => (await show(namespace))?.openTasks === 0);
    const { definitions } = await mesh()
      .client(definitionService)
      .listDefinitions(ListDefinitionsRequest.fromPartial({ namespace }));
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ["order-1"],
      "the workflow of the inbox is internal",
    );
  });

  it("a run with the labels of an inbox that a user started is no question of another run", async () => {
    const namespace = "forged";
    await start(namespace, "order-1");
    const source = {
      ...{ format: SourceFormat.SOURCE_FORMAT_YAML, fileName: "" },
      text: "workflow: trap\ntasks: {ask: {approve: {title: Pay me?}}}\n",
    };
    await mesh()
      .client(definitionService)
      .registerDefinition(RegisterDefinitionRequest.fromPartial({ namespace, source }));
    const labels = { inbox: "finance", "inbox-work": "run/order-1", "inbox-task": "check" };
    const spec = { what: { $case: "definition" as const, value: { name: "trap" } }, labels };
    const request = StartRunRequest.fromPartial({ namespace, runId: "trap-1", spec });
    await mesh()
      .client(runService)
      .startRun(request, { context: as("eve") });
    const [question] = await questions(namespace);
    assert.equal(question?.inboxTask, undefined);
    assert.deepEqual(await open(namespace, "order-1"), []);
  });

  it("a rejection fails the task with its reason, and a retry asks again", async () => {
    const namespace = "strict";
    await set(namespace, {});
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    await decide(namespace, "ann", question, undefined, "no receipt");
    const failed = await end(namespace, "order-1");
    assert.equal(failed.status, WorkStatus.WORK_STATUS_FAILED);
    assert.match(JSON.stringify(failed.outcome), /rejected by ann: no receipt/);
    await mesh()
      .client(runService)
      .retryRun({ namespace, runId: "order-1", taskIds: [], reason: "", idempotencyKey: "" });
    const [next] = await questions(namespace);
    assert.notEqual(next?.about?.id, question?.about?.id);
    await decide(namespace, "ann", next, { accepted: false });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: false });
  });

  it("a restart after the claim leaves one task, and its answer counts", async () => {
    const namespace = "restarted";
    await set(namespace, { slots: 2 });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    await installation.restart();
    await until("the task is claimed again", async () => (await show(namespace))?.openTasks === 1);
    assert.deepEqual(
      (await open(namespace)).map(({ about }) => about?.id),
      [question?.about?.id],
    );
    await decide(namespace, "ann", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
  });

  it("no more tasks are open than the inbox has slots", async () => {
    const namespace = "slots";
    await set(namespace, { slots: 2 });
    for (const id of ["one", "two", "three"]) await start(namespace, id);
    const before = await questions(namespace, 2);
    assert.equal((await show(namespace))?.openTasks, 2);
    await decide(namespace, "ann", before[0], { accepted: true });
    await until(
      "the third task",
      () => open(namespace),
      (some) =>
        some.length === 2 &&
        some.some(({ about }) => before.every((earlier) => earlier.about?.id !== about?.id)),
    );
  });

  it("a task of a cancelled run is withdrawn from its inbox", async () => {
    const namespace = "withdrawn";
    await set(namespace, {});
    await start(namespace, "order-1");
    await questions(namespace);
    await mesh()
      .client(runService)
      .cancelRun(CancelRunRequest.fromPartial({ namespace, runId: "order-1", reason: "not needed" }));
    await questions(namespace, 0);
    await until("the slot is free", async () => (await show(namespace))?.openTasks === 0);
  });

  it("several people must answer if the inbox requires it", async () => {
    const namespace = "quorum";
    await set(namespace, { answersNeeded: 2, people: ["ann", "bob"] });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    await decide(namespace, "ann", question, { accepted: true });
    assert.equal((await open(namespace)).length, 1);
    await decide(namespace, "bob", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
  });

  it("a task without an answer in time fails", async () => {
    const namespace = "late";
    await set(namespace, { withinMs: 5_000 });
    await start(namespace, "order-1");
    await questions(namespace);
    await installation.pass(6_000);
    const failed = await end(namespace, "order-1");
    assert.match(JSON.stringify(failed.outcome), /approval_expired/);
  });

  it("tasks of a deleted inbox move to another inbox, and their old runs are cancelled", async () => {
    const namespace = "deleted";
    await set(namespace, {});
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    await set(namespace, { inboxId: "legal" });
    const request = DeleteInboxRequest.fromPartial({ namespace, inboxId: "finance" });
    assert.deepEqual(await mesh().client(inboxService).deleteInbox(request), { removed: true });
    const [other] = await until(
      "the task in the other inbox",
      () => open(namespace),
      (some) => some.length === 1 && some[0]?.about?.id !== question?.about?.id,
    );
    await decide(namespace, "ann", other, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
    assert.equal((await end(namespace, question?.about?.id ?? "")).status, WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(await codeOf(show(namespace)), "inbox.unknown");
  });

  it("a task without an answer escalates to the people of the next step, also after a restart", async () => {
    const namespace = "escalated";
    const stepMs = 10_000;
    const escalation = [
      { afterMs: stepMs, people: ["bob"] },
      { afterMs: 2 * stepMs, people: ["boss"] },
    ];
    await set(namespace, { people: ["ann"], escalation });
    await start(namespace, "order-1");
    const decidersOf = async () => (await open(namespace)).map(({ deciders }) => deciders.join());
    const first = await questions(namespace);
    assert.deepEqual(await decidersOf(), ["ann"]);
    await installation.pass(stepMs + 1_000);
    await until("the next step", decidersOf, ([decider]) => decider === "bob");
    assert.equal(
      await codeOf(decide(namespace, "ann", first[0], { accepted: true })),
      "workflow.approval_closed",
    );
    await installation.restart();
    await until("the task is claimed again", async () => (await show(namespace))?.openTasks === 1);
    assert.deepEqual(await decidersOf(), ["bob"]);
    await installation.pass(2 * stepMs);
    await until("the last step", decidersOf, ([decider]) => decider === "boss");
    await installation.pass(5 * stepMs);
    const [last] = await open(namespace);
    await decide(namespace, "boss", last, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
  });

  it("a person delegates a task once, with the reason", async () => {
    const namespace = "delegated";
    await set(namespace, { people: ["ann"] });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    const runId = question?.about?.id ?? "";
    const delegate = (id: string) =>
      mesh()
        .client(inboxService)
        .delegateInboxTask(
          DelegateInboxTaskRequest.fromPartial({ namespace, runId: id, people: ["bob"], reason: "on leave" }),
          { context: as("ann") },
        );
    assert.deepEqual(await delegate(runId), { runId });
    assert.deepEqual(await delegate(runId), { runId }, "the same again changes nothing");
    assert.equal(await codeOf(delegate("another")), "inbox.task_missing");
    const [other] = await questions(namespace);
    assert.deepEqual([other?.about?.id, other?.deciders], [runId, ["bob"]]);
    assert.deepEqual(
      other?.delegations.map(({ person, people, reason }) => [person, people, reason]),
      [["ann", ["bob"], "on leave"]],
    );
    assert.equal(
      await codeOf(decide(namespace, "ann", other, { accepted: true })),
      "workflow.approval_delegated",
    );
    await decide(namespace, "bob", other, { accepted: false });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: false });
  });

  it("a caller that may not answer has other people get the task as a new run, once", async () => {
    const namespace = "moved";
    await set(namespace, { people: ["ann"] });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    const runId = question?.about?.id ?? "";
    const delegate = (person: string) => {
      const request = { namespace, runId, people: [person], reason: "on leave" };
      return mesh()
        .client(inboxService)
        .delegateInboxTask(DelegateInboxTaskRequest.fromPartial(request), { context: as("boss") });
    };
    assert.equal(await codeOf(delegate("boss")), "inbox.delegated_to_self");
    const moved = await delegate("bob");
    assert.deepEqual(await delegate("bob"), moved, "the same again changes nothing");
    const [other] = await questions(namespace);
    assert.deepEqual([other?.about?.id, other?.deciders], [moved.runId, ["bob"]]);
    const before = await end(namespace, runId);
    assert.match(JSON.stringify(before.outcome), /boss gave it to bob: on leave/);
    await decide(namespace, "bob", other, { accepted: false });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: false });
  });

  it("one of several required answers is delegated, and given answers stay", async () => {
    const namespace = "shared";
    await set(namespace, { answersNeeded: 2, people: ["ann", "bob"] });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    const which = { namespace, runId: question?.about?.id ?? "" };
    const delegate = (user: string, person: string) =>
      mesh()
        .client(inboxService)
        .delegateInboxTask(DelegateInboxTaskRequest.fromPartial({ ...which, people: [person] }), {
          context: as(user),
        });
    await decide(namespace, "ann", question, { accepted: true });
    assert.equal(await codeOf(delegate("bob", "ann")), "workflow.delegation_invalid");
    assert.equal(await codeOf(delegate("bob", "starter")), "workflow.approval_excluded");
    assert.deepEqual(await delegate("bob", "carl"), { runId: which.runId });
    await installation.restart();
    await until("the task is claimed again", async () => (await show(namespace))?.openTasks === 1);
    await decide(namespace, "carl", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
  });

  it("one person claims a task, keeps it after a restart, releases or loses it, and decides it", async () => {
    const namespace = "claimed";
    const claimMs = 30_000;
    await set(namespace, { people: ["ann", "bob"], claimMs });
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    const which = { namespace, runId: question?.about?.id ?? "", approvalId: question?.approvalId ?? "" };
    const claim = (user: string) =>
      mesh()
        .client(taskService)
        .claimApproval(which, { context: as(user) });
    const release = (user: string, person = "") =>
      mesh()
        .client(taskService)
        .releaseApproval({ ...which, person, reason: "" }, { context: as(user) });
    assert.equal(await codeOf(claim("eve")), "workflow.approval_not_among");
    assert.equal(await codeOf(claim("starter")), "workflow.approval_not_among");
    assert.equal((await claim("ann")).approval?.claim?.person, "ann");
    assert.equal((await claim("ann")).approval?.claim?.person, "ann");
    assert.equal(await codeOf(claim("bob")), "workflow.approval_claimed");
    assert.equal(
      await codeOf(decide(namespace, "bob", question, { accepted: true })),
      "workflow.approval_claimed",
    );
    await installation.restart();
    await until("the task is claimed again", async () => (await show(namespace))?.openTasks === 1);
    assert.deepEqual(
      (await open(namespace)).map((question) => question.claim?.person),
      ["ann"],
    );
    assert.equal(await codeOf(release("bob")), "workflow.approval_claimed");
    const request = DelegateInboxTaskRequest.fromPartial({ namespace, runId: which.runId, people: ["bob"] });
    const delegated = mesh()
      .client(inboxService)
      .delegateInboxTask(request, { context: as("bob") });
    assert.equal(await codeOf(delegated), "workflow.approval_claimed");
    const moved = mesh()
      .client(inboxService)
      .delegateInboxTask(request, { context: as("boss") });
    assert.equal(await codeOf(moved), "inbox.task_claimed");
    assert.equal((await release("bob", "ann")).approval?.claim, undefined);
    assert.equal((await claim("bob")).approval?.claim?.person, "bob");
    await installation.pass(claimMs + 1_000);
    await until("the claim is over", async () => (await open(namespace))[0]?.claim === undefined);
    await claim("ann");
    await decide(namespace, "ann", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
    const filter = { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" }, text: which.runId };
    const search = SearchRecordsRequest.fromPartial({ namespace, filter });
    await until(
      "the records",
      async () => (await mesh().client(auditService).searchRecords(search)).records,
      (records) =>
        ["run.approval_claimed", "run.approval_released"].every((expected) =>
          records.some(({ action }) => action === expected),
        ),
    );
  });

  it("the person who started the work may not answer its tasks, unless the inbox permits it", async () => {
    const namespace = "own";
    await set(namespace, {});
    await start(namespace, "order-1");
    const [question] = await questions(namespace);
    const own = decide(namespace, "starter", question, { accepted: true });
    assert.equal(await codeOf(own), "workflow.approval_excluded");
    await start(namespace, "order-2", "{check: {workflow: order-1}}");
    await start(namespace, "order-3", "{check: {workflow: order-2}}");
    for (const question of await questions(namespace, 3))
      assert.equal(
        await codeOf(decide(namespace, "starter", question, { accepted: true })),
        "workflow.approval_excluded",
      );
    await decide(namespace, "ann", question, { accepted: true });
    assert.deepEqual(outputOf(await end(namespace, "order-1")), { accepted: true });
    await set("permitted", { starterMayAnswer: true });
    await start("permitted", "order-1");
    const [permitted] = await questions("permitted");
    await decide("permitted", "starter", permitted, { accepted: true });
    assert.deepEqual(outputOf(await end("permitted", "order-1")), { accepted: true });
  });

  for (const [name, mode] of [
    ["workflow", Mode.MODE_WORKFLOW],
    ["swarm", Mode.MODE_SWARM],
  ] as const)
    it(`the person who started a session may not answer its tasks, in the mode ${name}`, async () => {
      const namespace = `session-${name}`;
      await set(namespace, {});
      await register(namespace, "child");
      await register(namespace, "family", "{check: {workflow: child}}");
      const workflow = { name: "family" };
      const tasks = [
        { id: "check", work: { $case: "capability" as const, value: "pay.review" } },
        { id: "family", work: { $case: "workflow" as const, value: workflow } },
      ];
      const spec = { mode, work: { $case: "tasks" as const, value: { tasks } } };
      const request = ExecuteSessionRequest.fromPartial({ namespace, sessionId: "s", spec });
      await mesh()
        .client(sessionService)
        .executeSession(request, { context: { ...as("starter"), namespace } });
      for (const question of await questions(namespace, 2)) {
        const { kind, id = "" } = question.inboxTask?.about ?? {};
        if (kind === "run") {
          const { run } = await mesh().client(runService).getRun({ namespace, runId: id, atEvent: 0 });
          assert.deepEqual([run?.root?.kind, run?.root?.id], ["session", "s"]);
        }
        const own = decide(namespace, "starter", question, { accepted: true });
        assert.equal(await codeOf(own), "workflow.approval_excluded");
        await decide(namespace, "ann", question, { accepted: true });
      }
    });

  for (const kind of ["run", "mission", "session"])
    it(`the person who started the first work may not answer a task of a child whose ${kind} is removed`, async () => {
      const namespace = `removed-${kind}`;
      await set(namespace, {});
      await start(namespace, "order-1", "{check: {wait: {signal: go}}}");
      await register(namespace, "child");
      for (const [runId, rootId] of [
        ["orphan-1", "order-1"],
        ["orphan-2", "removed"],
      ] as const) {
        const reference = (id: string) => ({ namespace, kind, id, task: "" });
        const request = StartRunRequest.fromPartial({
          ...{ namespace, runId, spec: { what: { $case: "definition", value: { name: "child" } } } },
          ...{
            parent: reference("removed"),
            root: { ...reference(rootId), kind: rootId === "removed" ? kind : "run" },
          },
        });
        const principal: Principal = { kind: "service", id: "workflow", roles: ["admin"] };
        await mesh()
          .client(runService)
          .startRun(request, { context: { ...testContext(), principal } });
      }
      for (const question of await questions(namespace, 2)) {
        const own = await codeOf(decide(namespace, "starter", question, { accepted: true }));
        const isKnown = question.inboxTask?.about?.id === "orphan-1";
        assert.equal(own, isKnown ? "workflow.approval_excluded" : "done");
      }
    });

  it("a task waits in the pool until the hours of the inbox", async () => {
    const namespace = "hours";
    const at = (laterMs: number) => {
      const moment = new Date(installation.now() + laterMs);
      return `${moment.getUTCMinutes()} ${moment.getUTCHours()} * * *`;
    };
    await set(namespace, { hours: [{ begin: at(120_000), end: at(3_600_000) }] });
    await start(namespace, "order-1");
    await installation.pass(5_000);
    assert.deepEqual(await open(namespace), []);
    await installation.pass(120_000);
    await questions(namespace);
    const refused = set(namespace, { inboxId: "wrong", hours: [{ begin: "nine", end: at(0) }] });
    assert.equal(await codeOf(refused), "inbox.hours_invalid");
  });

  it("a form that is no JSON Schema is refused when the inbox is set", async () => {
    const capabilities = [{ name: "pay.review", version: "1.0.0", outputSchema: '{"type": "nothing"}' }];
    assert.equal(await codeOf(set("wrong", { capabilities })), "definition.invalid");
  });
});
