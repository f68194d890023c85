import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  CheckAdmissionRequest,
  ListRuleVersionsRequest,
  RollBackRuleRequest,
  SetRuleRequest,
} from "@tutti/contracts/governance/v1";
import { codeOf, Serving } from "./serving.ts";

const namespace = "shop";
const subject = AdmissionSubject.ADMISSION_SUBJECT_REQUEST;

function rule(most: number, fields: Parameters<typeof AdmissionRule.fromPartial>[0] = {}): AdmissionRule {
  return AdmissionRule.fromPartial({
    ...{ ruleId: "largest", subject, condition: `subject.amount <= ${most}` },
    verdict: { $case: "deny", value: { message: `at most ${most}` } },
    ...fields,
  });
}

describe("versions of a rule", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(admissionService, { service: "governance" });
  const set = async (target: AdmissionRule, reason: string) => {
    const request = SetRuleRequest.fromPartial({ namespace, rule: target, reason });
    return Number((await client().setRule(request)).rule?.revision);
  };
  const list = async (ruleId: string, against = 0) =>
    (await client().listRuleVersions(ListRuleVersionsRequest.fromPartial({ namespace, ruleId, against })))
      .versions;
  const rollBack = (version: number, revision = "") =>
    client().rollBackRule(
      RollBackRuleRequest.fromPartial({
        ...{ namespace, ruleId: "largest", version, revision, reason: "it refused too much" },
      }),
    );
  const found = async (amount: number) => {
    const body = { body: { $case: "inline" as const, value: Buffer.from(JSON.stringify({ amount })) } };
    const query = CheckAdmissionRequest.fromPartial({ namespace, subject, body });
    const { answer } = await client().checkAdmission(query);
    return answer?.findings.map(({ message, ruleVersion }) => ({ message, ruleVersion }));
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("record the user, reason, end and changed fields, can be restored, and findings name their version", async () => {
    const first = await set(rule(100), "as agreed");
    const second = await set(rule(10, { controls: [{ framework: "soc2", control: "CC6.1" }] }), "less");
    assert.equal(
      await set(rule(10, { controls: [{ framework: "soc2", control: "CC6.1" }] }), "again"),
      second,
    );
    const [latest, former] = await list("largest");
    assert.deepEqual([former?.number, latest?.number], [first, second]);
    assert.deepEqual(
      [former?.rule?.updateCause?.reason, latest?.rule?.updateCause?.reason, former?.endCause?.reason],
      ["as agreed", "less", "less"],
    );
    assert.ok(former?.endTime !== undefined && latest?.endTime === undefined);
    assert.deepEqual(latest?.changes, [
      { path: "condition", before: '"subject.amount <= 100"', after: '"subject.amount <= 10"' },
      { path: "deny.message", before: '"at most 100"', after: '"at most 10"' },
      { path: "controls[0].framework", before: "", after: '"soc2"' },
      { path: "controls[0].control", before: "", after: '"CC6.1"' },
    ]);
    assert.deepEqual(await found(50), [{ message: "at most 10", ruleVersion: second }]);
    const { rule: third } = await rollBack(first, String(second));
    const number = Number(third?.revision);
    assert.ok(number > second);
    assert.deepEqual(await found(500), [{ message: "at most 100", ruleVersion: number }]);
    assert.deepEqual((await list("largest", first))[0]?.changes, [], "it says what it said then");
    await assert.rejects(
      rollBack(first, String(second)).then(() => rollBack(second, String(second))),
      codeOf("tenant.moved"),
    );
  });

  it("exist after a restart, and a restore brings back a deleted rule", async () => {
    await client().deleteRule({ namespace, ruleId: "largest", reason: "never mind" });
    await serving.restart();
    const [last] = await list("largest");
    assert.deepEqual([last?.removed, last?.endCause?.reason], [true, "never mind"]);
    assert.deepEqual(await found(5_000), []);
    await rollBack(last?.number ?? 0);
    assert.equal((await found(5_000))?.length, 1);
  });

  it("are rejected with the latest versions if the requested version does not exist", async () => {
    await assert.rejects(list("nobody"), codeOf("tenant.missing"));
    await assert.rejects(rollBack(9_999), (error) => {
      assert.match(
        (error as Error).message,
        /Version 9999 of rule `largest` is not kept\. The latest versions are \d+, /,
      );
      return codeOf("governance.rule_version_missing")(error);
    });
    await assert.rejects(list("largest", 9_999), codeOf("governance.rule_version_missing"));
  });
});
