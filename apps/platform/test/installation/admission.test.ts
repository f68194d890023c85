/**
 * Admission rules from the view of a caller whose request is rejected, changed or reported, and later found in the audit
 * log.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AdmissionSubject,
  admissionService,
  auditService,
  Enforcement,
  FindingResult,
  PreviewRulesRequest,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import {
  definitionService,
  GetDefinitionRequest,
  RegisterDefinitionRequest,
  runService,
  StartRunRequest,
  StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { rulesOf } from "./admission.fixture.ts";
import { Installation } from "./installation.ts";

const { ADMISSION_SUBJECT_DEFINITION } = AdmissionSubject;
const json = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
});
const text = "workflow: order\ntasks: {wait: {wait: 1h}}\n";
const isRefused = (error: unknown) => isTuttiError(error) && error.code === "access.rule_refused";
const deny = (message: string) => ({ $case: "deny" as const, value: { message } });
const changing = (set: Record<string, string>) => ({ $case: "change" as const, value: { set } });

describe("admission rules of an installation", () => {
  let installation: Installation;
  const mesh = () => installation.host.mesh;
  const { set, remove, findings: findingsIn } = rulesOf(() => installation);
  const order = (amount: number) => ({
    what: {
      $case: "tasks" as const,
      value: { tasks: [{ id: "wait", work: { $case: "capability" as const, value: "nobody.does" } }] },
    },
    input: json({ amount }),
  });
  const start = (namespace: string, amount: number, runId = "") =>
    mesh()
      .client(runService)
      .startRun(StartRunRequest.fromPartial({ namespace, runId, spec: order(amount) }));
  const register = (namespace: string, source: string) =>
    mesh()
      .client(definitionService)
      .registerDefinition(
        RegisterDefinitionRequest.fromPartial({ namespace, source: { format: 1, text: source } }),
      );
  /** Returns the outcome of a call as a word. Rules reach a process with the next bundle. */
  const outcomeOf = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: unknown) => (isRefused(error) ? "refused" : String(error)),
    );
  const limit = {
    when: 'call.action == "workflow.runs.start"',
    condition: "subject.spec.input.amount <= 1000",
    verdict: deny("at most 1000 at once, got ${{ subject.spec.input.amount }}. Ask twice"),
  };

  before(async () => {
    installation = await Installation.open([], { time: "real" });
  });
  after(() => installation?.[Symbol.asyncDispose]());

  it("refuse a start with their reason, singly and in bulk, only in their namespace", async () => {
    await set("limited", "largest", limit);
    await until(
      "the rule",
      () => outcomeOf(start("limited", 5_000)),
      (outcome) => outcome === "refused",
    );
    await assert.rejects(start("limited", 5_000), (error) => {
      assert.ok(isTuttiError(error));
      assert.equal(error.status, "PERMISSION_DENIED");
      assert.match(error.message, /limited\/largest@\d+: at most 1000 at once, got 5000. Ask twice/);
      return true;
    });
    await start("limited", 10);
    await start("free", 5_000);
    const bulk = async (...amounts: number[]) => {
      const items = amounts.map((amount) => ({
        ...{ spec: 1, runId: "", labels: {} },
        input: { $case: "inputPayload" as const, value: json({ amount }) },
      }));
      const requests = async function* () {
        yield StartRunsRequest.fromPartial({ namespace: "limited", specs: [order(1)] });
        yield StartRunsRequest.fromPartial({ items });
      };
      for await (const _ of mesh().client(runService).startRuns(requests()));
    };
    assert.equal(await outcomeOf(bulk(10, 20)), "done");
    assert.equal(await outcomeOf(bulk(10, 5_000)), "refused");
  });

  it("record findings, and refused requests in the audit log", async () => {
    const version = await set("audited", "largest", { ...limit, severity: 3 });
    await until(
      "the rule",
      () => outcomeOf(start("audited", 5_000)),
      (outcome) => outcome === "refused",
    );
    await start("audited", 10);
    const found = await until(
      "findings",
      () => findingsIn("audited"),
      (some) => some.length > 0,
    );
    assert.deepEqual(
      found.map(({ ruleId, ruleVersion, result, severity, action, cause }) => [
        ...[ruleId, ruleVersion, result, severity, action, cause?.actor?.id],
      ]),
      [["largest", version, FindingResult.FINDING_RESULT_DENIED, 3, "workflow.runs.start", "local-admin"]],
    );
    const search = SearchRecordsRequest.fromPartial({
      namespace: "audited",
      filter: { action: "workflow.runs.start", text: "access.rule_refused" },
    });
    const { records } = await until(
      "the refusal",
      () => mesh().client(auditService).searchRecords(search),
      (reply) => reply.records.length > 0,
    );
    assert.equal(records[0]?.error?.code, "access.rule_refused");
    assert.ok(records[0]?.error?.message.includes(`audited/largest@${version}: `), "it names the version");
  });

  it("change a request before it is executed, and validate the result against its contract again", async () => {
    const capped = { when: limit.when, condition: limit.condition };
    await set("changed", "cap", { ...capped, verdict: changing({ "spec.labels.capped": '"yes"' }) });
    const { run } = await until(
      "a start that is changed",
      () => start("changed", 5_000),
      (reply) => reply.run?.spec?.labels["capped"] === "yes",
    );
    assert.equal(run?.spec?.labels["capped"], "yes");
    assert.equal((await start("changed", 10)).run?.spec?.labels["capped"], undefined);
    await set("changed", "wrong", { when: limit.when, verdict: changing({ "spec.pool": '"No Name!"' }) });
    await until(
      "the second rule",
      () => outcomeOf(start("changed", 10)),
      (text) => text.includes("spec.pool"),
    );
  });

  it("change nothing in shadow mode, and report their decisions", async () => {
    await set("tried", "largest", { ...limit, enforcement: Enforcement.ENFORCEMENT_SHADOW });
    const found = await until(
      "a finding",
      async () => {
        await start("tried", 5_000);
        return findingsIn("tried");
      },
      (some) => some.length > 0,
    );
    assert.equal(found[0]?.result, FindingResult.FINDING_RESULT_SHADOWED);
  });

  it("refuse and change definitions, and the changed definition is stored", async () => {
    const subject = ADMISSION_SUBJECT_DEFINITION;
    await set("defined", "owned", {
      ...{ subject, condition: "has(subject.description)" },
      verdict: changing({ description: '"registered by " + actor.id' }),
    });
    await set("defined", "short", {
      ...{ subject, condition: "subject.tasks.all(id, !has(subject.tasks[id].wait))" },
      verdict: deny("expected no waiting"),
    });
    await until(
      "the rules",
      () => outcomeOf(register("defined", text)),
      (outcome) => outcome === "refused",
    );
    await register("defined", "workflow: order\ntasks: {one: {set: {a: 1}}}\n");
    const { definition } = await mesh()
      .client(definitionService)
      .getDefinition(
        GetDefinitionRequest.fromPartial({ namespace: "defined", definition: { name: "order" } }),
      );
    assert.match(definition?.description ?? "", /registered by local-admin/);
  });

  it("preview their decisions on earlier starts and definitions, also for an earlier version of a rule", async () => {
    const namespace = "foreseen";
    const version = await set(namespace, "largest", { ...limit, enforcement: Enforcement.ENFORCEMENT_OFF });
    await start(namespace, 5_000, "large");
    await start(namespace, 10, "cheap");
    await register(namespace, "workflow: order\ntasks: {one: {set: {a: 1}}}\n");
    const preview = async (input: Parameters<typeof PreviewRulesRequest.fromPartial>[0]) => {
      const request = PreviewRulesRequest.fromPartial({ namespace, ...input });
      const reply = await mesh().client(admissionService).previewRules(request);
      const effects = reply.effects.map(({ ruleId, work, message }) => `${ruleId} ${work?.id}: ${message}`);
      return { ...reply, effects };
    };
    const described = { ruleId: "described", subject: ADMISSION_SUBJECT_DEFINITION };
    const plan = { ruleId: "plans", subject: AdmissionSubject.ADMISSION_SUBJECT_PLAN };
    const request = { ruleId: "larger", subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST, ...limit };
    const rules = [
      { ...described, condition: "has(subject.description)", verdict: deny("say what it is for") },
      { ...plan, verdict: deny("no plans") },
      request,
    ];
    const found = await until(
      "the index to have both runs",
      () => preview({ rules }),
      ({ examined }) => examined === 3,
    );
    const large = "large: at most 1000 at once, got 5000. Ask twice";
    assert.deepEqual(found.effects, [`larger ${large}`, "described order: say what it is for"]);
    assert.deepEqual(found.unseenRuleIds, ["plans"]);
    await set(namespace, "largest", { ...limit, condition: "true" });
    assert.deepEqual((await preview({ ruleId: "largest", version })).effects, []);
    const second = await set(namespace, "largest", {
      ...limit,
      condition: "subject.spec.input.amount < 5000",
    });
    await set(namespace, "largest", { ...limit, condition: "true" });
    assert.deepEqual((await preview({ ruleId: "largest", version: second })).effects, [`largest ${large}`]);
    const broken = await preview({ rules: [{ ...request, condition: "subject.spec <" }] });
    assert.deepEqual(
      broken.problems.map(({ fileName, path }) => `${fileName} ${path}`),
      ["larger condition"],
    );
  });

  it("cannot prevent their own removal, even if they refuse everything", async () => {
    const namespace = "closed";
    await set(namespace, "everything", { verdict: deny("nothing goes") });
    await until(
      "the rule",
      () => outcomeOf(start(namespace, 1)),
      (outcome) => outcome === "refused",
    );
    await remove(namespace, "everything");
    await until(
      "it to be gone",
      () => outcomeOf(start(namespace, 1)),
      (outcome) => outcome === "done",
    );
  });
});
