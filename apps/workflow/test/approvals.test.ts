import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Approval, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  DecideApprovalRequest,
  definitionService,
  ListApprovalsRequest,
  runService,
  StartRunRequest,
  taskService,
  WatchApprovalsRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { nextMoment, Serving } from "./serving.ts";

const release = `workflow: release
tasks:
  look:
    approve: {by: [local-admin, ops], title: "Release \${{ input.version }}?", form: {type: object, required: [note], properties: {note: {type: string}}}}
output: "\${{ tasks.look.output.data.note }}"
`;

const foreign = `workflow: foreign
tasks: {ask: {approve: {by: [nobody-here], title: A question for others}}}
`;

const json = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
});

describe("questions to people", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const tasks = () => serving.host.mesh.client(taskService);
  const start = (name: string, runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name } }, input: json({ version: runId }) },
      }),
    );
  type ListFields = NonNullable<Parameters<typeof ListApprovalsRequest.fromPartial>[0]>;
  const list = (fields: ListFields = {}) => tasks().listApprovals(ListApprovalsRequest.fromPartial(fields));
  const runsOf = ({ approvals }: { readonly approvals: readonly Approval[] }) =>
    approvals.map(({ about }) => about?.id);
  const decide = (
    runId: string,
    approvalId: string,
    data: unknown,
    verdict: Verdict = Verdict.VERDICT_APPROVED,
  ) =>
    tasks().decideApproval(
      DecideApprovalRequest.fromPartial({ runId, approvalId, verdict, data: json(data), reason: "looked" }),
    );
  const refused = (status: string) => (error: unknown) => isTuttiError(error) && error.status === status;

  before(async () => {
    serving = await Serving.open();
    for (const text of [release, foreign])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
    for (const runId of ["v1", "v2", "v3"]) {
      await start("release", runId);
      await nextMoment();
    }
    await start("foreign", "x1");
    // The index is at most a second behind.
    await until("the index", list, ({ approvals }) => approvals.length === 4);
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are listed over all runs, the oldest first, page by page", async () => {
    const first = await list({ page: { size: 3 } });
    assert.deepEqual(runsOf(first), ["v1", "v2", "v3"]);
    assert.equal(first.approvals[0]?.title, "Release v1?");
    const second = await list({ page: { size: 3, token: first.page?.nextToken ?? "" } });
    assert.deepEqual([runsOf(second), second.page?.nextToken], [["x1"], ""]);
    assert.deepEqual(runsOf(await list({ filter: { mine: true } })), ["v1", "v2", "v3"]);
    assert.deepEqual(runsOf(await list({ filter: { text: "V2?" } })), ["v2"]);
    assert.deepEqual(runsOf(await list({ filter: { workId: "x1" } })), ["x1"]);
    await assert.rejects(list({ filter: { workId: "nobody" } }), refused("NOT_FOUND"));
  });

  it("are decided by permitted users, with the fields of the form, once", async () => {
    const [question] = (await list({ filter: { workId: "v1" } })).approvals;
    const id = question?.approvalId ?? "";
    await assert.rejects(decide("v1", id, { word: "yes" }), refused("INVALID_ARGUMENT"));
    await assert.rejects(decide("x1", "ask", null), refused("PERMISSION_DENIED"));
    const { approval } = await decide("v1", id, { note: "ship it" });
    assert.equal(approval?.verdict, Verdict.VERDICT_APPROVED);
    assert.equal(approval?.decisions[0]?.cause?.reason, "looked");
    const repeated = await decide("v1", id, { note: "ship it" });
    assert.equal(repeated.approval?.verdict, Verdict.VERDICT_APPROVED);
    await assert.rejects(decide("v1", id, null, Verdict.VERDICT_REJECTED), refused("FAILED_PRECONDITION"));
    const { run } = await runs().awaitRun(AwaitRunRequest.fromPartial({ runId: "v1", waitMs: 10_000 }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    const verdicts = [Verdict.VERDICT_APPROVED];
    assert.deepEqual(runsOf(await list({ filter: { verdicts } })), ["v1"]);
  });

  it("are watched: first the open questions, then new questions and decisions", async () => {
    const watch = tasks().watchApprovals(WatchApprovalsRequest.fromPartial({ filter: { mine: true } }));
    const snapshot = await watch.next();
    const open = runsOf(snapshot.value ?? { approvals: [] }).filter((id) => id !== "v1");
    assert.deepEqual([snapshot.value?.live, open.sort()], [true, ["v2", "v3"]]);
    await start("release", "v4");
    assert.deepEqual(runsOf((await watch.next()).value ?? { approvals: [] }), ["v4"]);
    await decide("v4", "look", null, Verdict.VERDICT_REJECTED);
    const changes = (await watch.next()).value?.approvals ?? [];
    assert.deepEqual(
      changes.map(({ about, verdict }) => [about?.id, verdict]),
      [["v4", Verdict.VERDICT_REJECTED]],
    );
    await watch.return();
  });
});
