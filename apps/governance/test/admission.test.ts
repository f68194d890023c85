import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  auditService,
  CreateReportRequest,
  Enforcement,
  Finding,
  FindingResult,
  ListFindingsRequest,
  ListRulesRequest,
  RecordFindingsRequest,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { isTuttiError, toTimestamp } from "@tutti/kernel";
import { codeOf, Serving } from "./serving.ts";

const namespace = "shop";
const nowMs = Date.now();
const hourMs = 3_600_000;
const json = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
  mediaType: "",
});

type Fields = Parameters<typeof AdmissionRule.fromPartial>[0];

function rule(ruleId: string, fields: Fields = {}): AdmissionRule {
  return AdmissionRule.fromPartial({
    ...{ ruleId, subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST },
    condition: "subject.input.amount <= 1000",
    verdict: { $case: "deny", value: { message: "at most 1000, got ${{ subject.input.amount }}" } },
    controls: [{ framework: "soc2", control: "CC6.1" }],
    ...fields,
  });
}

describe("admission rules", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(admissionService, { service: "governance" });
  const set = (rule: AdmissionRule) => client().setRule({ namespace, rule, revision: "", reason: "tried" });
  const check = (body: unknown) =>
    client().checkAdmission({
      ...{ namespace, subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST, body: json(body) },
      ...{ actor: undefined, action: "workflow.runs.start" },
    });
  const record = async (...findings: Finding[]) => {
    const request = async function* () {
      yield RecordFindingsRequest.fromPartial({ batch: 1, findings });
    };
    for await (const { batch } of client().recordFindings(request())) assert.equal(batch, 1);
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are stored with the cause of their change, apply at once, and no longer apply when they are deleted", async () => {
    const { rule: stored } = await set(rule("largest"));
    assert.deepEqual(
      [stored?.namespace, stored?.updateCause?.reason, stored?.ruleId],
      [namespace, "tried", "largest"],
    );
    const { answer } = await check({ input: { amount: 5_000 } });
    assert.deepEqual(
      [answer?.admitted, answer?.findings.map(({ ruleId, message }) => `${ruleId}: ${message}`)],
      [false, ["largest: at most 1000, got 5000"]],
    );
    await serving.restart();
    const { rules } = await client().listRules(
      ListRulesRequest.fromPartial({ namespace, framework: "soc2" }),
    );
    assert.deepEqual(
      rules.map(({ ruleId }) => ruleId),
      ["largest"],
    );
    assert.deepEqual(await client().deleteRule({ namespace, ruleId: "largest", reason: "" }), {
      removed: true,
    });
    assert.equal((await check({ input: { amount: 5_000 } })).answer?.admitted, true);
    await assert.rejects(client().getRule({ namespace, ruleId: "largest" }), codeOf("tenant.missing"));
  });

  it("that change the subject return the changed subject", async () => {
    const change = { $case: "change" as const, value: { set: { "labels.checked": '"yes"' } } };
    await set(rule("labels", { condition: "has(subject.labels)", verdict: change, controls: [] }));
    const { answer } = await check({ input: {} });
    const changed = answer?.changed?.body;
    assert.ok(changed?.$case === "inline");
    assert.deepEqual(JSON.parse(Buffer.from(changed.value).toString()), {
      input: {},
      labels: { checked: "yes" },
    });
    await client().deleteRule({ namespace, ruleId: "labels", reason: "" });
  });

  it("are rejected with the position if they cannot be parsed, and are not stored", async () => {
    await assert.rejects(set(rule("broken", { condition: "subject.amount <=" })), (error) => {
      assert.ok(isTuttiError(error));
      assert.equal(error.code, "governance.rule_invalid");
      assert.match(error.violations[0]?.message ?? "", /^1:18: /);
      return error.violations[0]?.field === "rule.condition";
    });
    await assert.rejects(client().getRule({ namespace, ruleId: "broken" }), codeOf("tenant.missing"));
  });

  it("are refused if they could never apply", async () => {
    const refused = codeOf("governance.rule_not_asked");
    const subject = AdmissionSubject.ADMISSION_SUBJECT_TASK;
    await assert.rejects(set(rule("inputs", { subject })), refused);
    const ofResults = { subject: AdmissionSubject.ADMISSION_SUBJECT_RESULT };
    const otherAgent = { $case: "change" as const, value: { set: { agent: '"other"' } } };
    await assert.rejects(set(rule("results", { ...ofResults, verdict: otherAgent })), refused);
    const ofPlans = { subject: AdmissionSubject.ADMISSION_SUBJECT_PLAN };
    await assert.rejects(set(rule("plans", { ...ofPlans, verdict: otherAgent })), refused);
    const approval = { $case: "approval" as const, value: { message: "may it?" } };
    const ofAgents = { subject: AdmissionSubject.ADMISSION_SUBJECT_AGENT };
    await assert.rejects(set(rule("asks", { ...ofAgents, verdict: approval })), refused);
  });

  it("are rejected if a case fails", async () => {
    const cases = [
      { title: "small ones continue", subject: json({ input: { amount: 10 } }), admitted: true },
      { title: "large ones continue", subject: json({ input: { amount: 9_999 } }), admitted: true },
    ];
    await assert.rejects(set(rule("cases", { cases })), (error) => {
      assert.ok(isTuttiError(error));
      return error.code === "governance.rule_case_failed" && error.message.includes("large ones continue");
    });
    await set(rule("cases", { cases: cases.slice(0, 1) }));
    await client().deleteRule({ namespace, ruleId: "cases", reason: "" });
  });

  it("report in a trial all problems that would reject them", async () => {
    const problemsOf = async (rule: AdmissionRule) => {
      const request = { namespace, rule, subjects: [json({})], action: "" };
      return (await client().testRule(request)).problems.map(({ path, code }) => `${path} ${code}`);
    };
    const small = { title: "small", subject: json({ input: { amount: 5_000 } }), admitted: true };
    assert.deepEqual(await problemsOf(rule("good")), []);
    assert.deepEqual(await problemsOf(rule("cases", { cases: [small] })), ["cases[0] case_failed"]);
    assert.deepEqual(await problemsOf(rule("broken", { condition: "subject.amount <=" })), [
      "condition syntax",
    ]);
    const subject = AdmissionSubject.ADMISSION_SUBJECT_TASK;
    assert.deepEqual(await problemsOf(rule("inputs", { subject })), ["subject rule_not_asked"]);
  });

  it("are tried on subjects before they are set", async () => {
    const shadow = rule("tried", { enforcement: Enforcement.ENFORCEMENT_SHADOW });
    const request = {
      namespace,
      rule: shadow,
      action: "",
      subjects: [json({ input: { amount: 1 } }), json({})],
    };
    const { answers, problems } = await client().testRule(request);
    assert.deepEqual([answers.map(({ admitted }) => admitted), problems], [[true, false], []]);
    const broken = await client().testRule({ ...request, rule: rule("tried", { when: "actor.nam == 1" }) });
    assert.deepEqual([broken.answers, broken.problems.map(({ path }) => path)], [[], ["when"]]);
  });

  describe("a finding", () => {
    const found = (
      ruleId: string,
      result: FindingResult,
      fields: Parameters<typeof Finding.fromPartial>[0] = {},
    ) =>
      Finding.fromPartial({
        ...{ namespace, ruleId, result, count: 1, message: "at most 1000", findTime: toTimestamp(nowMs) },
        ...{ cause: { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" } }, ...fields },
      });
    const { FINDING_RESULT_DENIED, FINDING_RESULT_HELD, FINDING_RESULT_NOTED } = FindingResult;

    it("is listed with its audit record, also after a restart", async () => {
      await record(
        found("largest", FINDING_RESULT_HELD, { count: 9 }),
        found("largest", FINDING_RESULT_DENIED),
      );
      await serving.restart();
      const { findings } = await client().listFindings(ListFindingsRequest.fromPartial({ namespace }));
      assert.deepEqual(
        findings.map(({ ruleId, result }) => [ruleId, result]),
        [["largest", FINDING_RESULT_DENIED]],
      );
      const recordId = findings[0]?.recordId ?? "";
      const audit = serving.host.mesh.client(auditService, { service: "governance" });
      const { record: proof } = await audit.getRecord({ namespace, recordId });
      assert.deepEqual([proof?.action, proof?.work?.kind], ["findings.findings_taken", "findings"]);
    });

    it("is in a report by control, each line with its evidence, the same under the same key", async () => {
      await set(rule("largest"));
      await set(rule("noted", { controls: [{ framework: "soc2", control: "CC7.2" }] }));
      await record(found("noted", FINDING_RESULT_NOTED));
      const range = { from: toTimestamp(nowMs - hourMs), to: toTimestamp(nowMs + hourMs) };
      const request = CreateReportRequest.fromPartial({
        ...{ namespace, framework: "soc2", span: range, idempotencyKey: "once" },
      });
      const { report } = await client().createReport(request);
      assert.deepEqual(
        report?.lines.map(({ control, evaluated, violated, handled, kept }) => [
          ...[control, evaluated, violated, handled, kept],
        ]),
        [
          ["CC6.1", 10, 1, 1, true],
          ["CC7.2", 1, 1, 0, false],
        ],
      );
      assert.deepEqual(
        report?.lines[0]?.evidence.map(({ kind }) => kind),
        ["rule", "record"],
      );
      const audit = serving.host.mesh.client(auditService, { service: "governance" });
      const recordId = report?.lines[0]?.evidence[1]?.id ?? "";
      const { proof } = await audit.proveInclusion({
        namespace,
        recordId,
        checkpoint: report?.checkpoint ?? 0,
      });
      assert.equal(proof?.checkpoint?.number, report?.checkpoint);
      await record(found("largest", FINDING_RESULT_DENIED));
      assert.deepEqual((await client().createReport(request)).report, report);
      const { report: read } = await client().getReport({ namespace, reportId: report?.reportId ?? "" });
      assert.deepEqual(read, report);
      await assert.rejects(
        client().createReport({ ...request, framework: "sox2", idempotencyKey: "" }),
        (error) => codeOf("governance.framework_unknown")(error) && String(error).includes("soc2"),
      );
      const { frameworks } = await client().listFrameworks({ namespace });
      assert.deepEqual(frameworks, [{ framework: "soc2", covered: 2, open: 1 }]);
      const { reports } = await client().listReports({ namespace, framework: "", page: undefined });
      assert.deepEqual(
        reports.map(({ reportId, lines }) => [reportId, lines]),
        [[report?.reportId, []]],
      );
    });
  });
});
