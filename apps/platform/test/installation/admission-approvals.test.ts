/**
 * Admission rules that require an approval. The request waits for the decision, which applies only to that request and
 * its caller.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import {
  AdmissionSubject,
  auditService,
  FindingResult,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import { type Approval, Verdict } from "@tutti/contracts/types/v1";
import {
  DecideApprovalRequest,
  definitionService,
  ListApprovalsRequest,
  RegisterDefinitionRequest,
  runService,
  SourceFormat,
  StartRunRequest,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, isTuttiError, type Principal } from "@tutti/kernel";
import { testContext, until } from "@tutti/kernel/testing";
import { rulesOf } from "./admission.fixture.ts";
import { Installation } from "./installation.ts";

const { ADMISSION_SUBJECT_DEFINITION } = AdmissionSubject;
const codeIn = (error: unknown) => (isTuttiError(error) ? error.code : String(error));
const approvalAction = (options: { readonly deciders?: string[]; readonly timeoutMs?: number } = {}) => ({
  $case: "approval" as const,
  value: { message: "Start for ${{ subject.spec.input.amount }}?", ...options },
});

describe("admission rules that require approval", () => {
  let installation: Installation;
  const mesh = () => installation.host.mesh;
  const as = (id: string): CallContext => {
    const principal: Principal = { kind: "person", id, roles: ["admin"] };
    return { ...testContext(), principal };
  };
  const { set, findings: findingsIn } = rulesOf(() => installation);
  const start = (namespace: string, user: string, amount: number, idempotencyKey = "") => {
    const value = { tasks: [{ id: "wait", work: { $case: "capability" as const, value: "nobody.does" } }] };
    const input = { body: { $case: "inline" as const, value: Buffer.from(JSON.stringify({ amount })) } };
    const spec = { what: { $case: "tasks" as const, value }, input };
    const request = StartRunRequest.fromPartial({ namespace, idempotencyKey, spec });
    return mesh()
      .client(runService)
      .startRun(request, { context: as(user) });
  };
  const outcomeOf = (work: Promise<unknown>) => work.then(() => "done", codeIn);
  /** Retries until the rule has reached this process. */
  const untilApprovalNeeded = (work: () => Promise<unknown>) =>
    until(
      "the question",
      () => outcomeOf(work()),
      (code) => code === "access.approval_needed",
    );
  const open = async (namespace: string): Promise<readonly Approval[]> =>
    (await mesh().client(taskService).listApprovals(ListApprovalsRequest.fromPartial({ namespace })))
      .approvals;
  const question = async (namespace: string) => {
    const [first] = await until(
      "the question in the list",
      () => open(namespace),
      (some) => some.length > 0,
    );
    assert.ok(first !== undefined);
    return first;
  };
  const decide = (
    namespace: string,
    user: string,
    { about, approvalId }: Approval,
    isApproved: boolean,
    reason = "",
  ) => {
    const verdict = isApproved ? Verdict.VERDICT_APPROVED : Verdict.VERDICT_REJECTED;
    const request = { namespace, runId: about?.id ?? "", approvalId, verdict, reason };
    return mesh()
      .client(taskService)
      .decideApproval(DecideApprovalRequest.fromPartial(request), { context: as(user) });
  };
  const large = {
    when: 'call.action == "workflow.runs.start"',
    condition: "subject.spec.input.amount <= 1000",
  };

  before(async () => {
    installation = await Installation.open();
  });
  after(() => installation?.[Symbol.asyncDispose]());

  it("refuse a request until another person approves it, and then permit exactly that request", async () => {
    const namespace = "bank";
    await set(namespace, "large", { ...large, verdict: approvalAction() });
    await untilApprovalNeeded(() => start(namespace, "ada", 5_000));
    const { title, about } = await question(namespace);
    assert.equal(title, "Start for 5000?");
    await assert.rejects(start(namespace, "ada", 5_000, "again"), (error) => {
      assert.ok(isTuttiError(error));
      assert.equal(error.details["approvals"], about?.id);
      assert.match(error.message, /with `tutti approve`, then send the same request again/);
      return true;
    });
    assert.equal((await open(namespace)).length, 1, "the same is asked once");
    await decide(namespace, "boss", await question(namespace), true);
    assert.equal(await outcomeOf(start(namespace, "ada", 5_000)), "done");
    assert.equal(await outcomeOf(start(namespace, "ada", 5_001)), "access.approval_needed");
    assert.equal(await outcomeOf(start(namespace, "eve", 5_000)), "access.approval_needed");
    assert.equal(await outcomeOf(start(namespace, "eve", 10)), "done");
  });

  it("name the person who rejected a request, and the reason", async () => {
    const namespace = "strict";
    await set(namespace, "large", { ...large, verdict: approvalAction() });
    await untilApprovalNeeded(() => start(namespace, "ada", 5_000));
    await decide(namespace, "boss", await question(namespace), false, "not this month");
    await assert.rejects(start(namespace, "ada", 5_000), (error) => {
      assert.equal(codeIn(error), "access.not_approved");
      return /boss rejected the request \(not this month\): Start for 5000\?/.test(String(error));
    });
  });

  it("count a caller's own approval only if the rule names the caller as approver", async () => {
    const namespace = "alone";
    await set(namespace, "large", { ...large, verdict: approvalAction() });
    await untilApprovalNeeded(() => start(namespace, "ada", 5_000));
    await decide(namespace, "ada", await question(namespace), true);
    assert.equal(await outcomeOf(start(namespace, "ada", 5_000)), "access.approval_needed");
    await set(namespace, "large", { ...large, verdict: approvalAction({ deciders: ["ada"] }) });
    const [mine] = await until(
      "the question to ada",
      async () => {
        await outcomeOf(start(namespace, "ada", 5_000));
        return (await open(namespace)).filter(({ deciders }) => deciders.includes("ada"));
      },
      (some) => some.length > 0,
    );
    assert.ok(mine !== undefined);
    await assert.rejects(decide(namespace, "boss", mine, true), /boss is not among the approvers: ada/);
    await decide(namespace, "ada", mine, true);
    assert.equal(await outcomeOf(start(namespace, "ada", 5_000)), "done");
  });

  it("ask again after a request expired without a decision", async () => {
    const namespace = "slow";
    await set(namespace, "large", { ...large, verdict: approvalAction({ timeoutMs: 1_000 }) });
    await untilApprovalNeeded(() => start(namespace, "ada", 5_000));
    const first = await question(namespace);
    const next = await until(
      "another question",
      async () => {
        await outcomeOf(start(namespace, "ada", 5_000));
        return (await open(namespace)).find(({ about }) => about?.id !== first.about?.id);
      },
      (found) => found !== undefined,
    );
    assert.notEqual(next?.about?.id, first.about?.id);
  });

  it("also cover definitions, and never block a decision", async () => {
    const namespace = "closed";
    const subject = ADMISSION_SUBJECT_DEFINITION;
    const value = { message: "Register ${{ subject.workflow }}?" };
    await set(namespace, "defined", { subject, verdict: { $case: "approval", value } });
    await set(namespace, "all", { verdict: { $case: "approval", value: { message: "May it?" } } });
    const format = SourceFormat.SOURCE_FORMAT_YAML;
    const source = { format, text: "workflow: order\ntasks: {one: {set: {a: 1}}}\n" };
    const register = () =>
      mesh()
        .client(definitionService)
        .registerDefinition(RegisterDefinitionRequest.fromPartial({ namespace, source }), {
          context: as("ada"),
        });
    // One of the rules may reach this process later than the other.
    await until(
      "both questions",
      async () => {
        await outcomeOf(register());
        return (await open(namespace)).map(({ title }) => title).sort();
      },
      (titles) => isDeepStrictEqual(titles, ["May it?", "Register order?"]),
    );
    await until(
      "the definition",
      async () => {
        for (const approval of await open(namespace))
          await decide(namespace, "boss", approval, true).catch(() => {});
        return outcomeOf(register());
      },
      (code) => code === "done",
    );
  });

  it("record findings, and refusals in the audit log", async () => {
    const found = await until(
      "findings",
      () => findingsIn("strict"),
      (some) => some.length > 0,
    );
    assert.equal(found[0]?.result, FindingResult.FINDING_RESULT_ASKED);
    const filter = { action: "workflow.runs.start", text: "access.approval_needed" };
    const search = SearchRecordsRequest.fromPartial({ namespace: "strict", filter });
    const { records } = await until(
      "the refusal",
      () => mesh().client(auditService).searchRecords(search),
      (reply) => reply.records.length > 0,
    );
    assert.equal(records[0]?.error?.code, "access.approval_needed");
  });
});
