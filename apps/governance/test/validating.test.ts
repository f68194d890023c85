import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  SetRuleRequest,
  ValidateRequest,
} from "@tutti/contracts/governance/v1";
import { Severity } from "@tutti/contracts/types/v1";
import { codeOf, Serving } from "./serving.ts";

const namespace = "shop";
const order = "workflow: order\ntasks:\n  one: {uses: stock.reserve}\n";

describe("files that an installation checks", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(admissionService, { service: "governance" });
  const check = async (files: Readonly<Record<string, string>>) => {
    const named = Object.entries(files).map(([fileName, text]) => ({ fileName, text }));
    const reply = await client().validate(ValidateRequest.fromPartial({ namespace, files: named }));
    const { problems, checked, skippedFiles } = reply;
    const reported = problems.map(({ fileName, line, code }) => `${fileName}:${line} ${code}`);
    return { reported, problems, checked, skippedFiles };
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are reported with their places, in any kind of file, policies among them", async () => {
    const found = await check({
      "order.yaml": order,
      "wrong.yaml": "workflow: wrong\ntasks:\n  one: {uses: a.b, needs: [two]}\n",
      "policies/night.cedar": 'permit(principal, action == Action::"workflow.runs.strat", resource);',
      "other/night.cedar": "permit(principal, action, resource);",
      "compose.yaml": "services: {}\n",
    });
    assert.deepEqual(
      [found.reported.toSorted(), found.checked, found.skippedFiles],
      [
        [
          "other/night.cedar:1 repeated_name",
          "policies/night.cedar:1 policy_invalid",
          "wrong.yaml:3 unknown_task",
        ],
        4,
        ["compose.yaml"],
      ],
    );
    assert.ok(found.problems.every(({ severity }) => severity === Severity.SEVERITY_ERROR));
  });

  it("are validated against the active rules, as if the caller registered them, without a registration or a finding", async () => {
    const subject = AdmissionSubject.ADMISSION_SUBJECT_DEFINITION;
    const condition = "has(subject.description)";
    const verdict = { $case: "deny" as const, value: { message: "say what ${{ subject.workflow }} is for" } };
    const rule = AdmissionRule.fromPartial({ ruleId: "described", subject, condition, verdict });
    await client().setRule(SetRuleRequest.fromPartial({ namespace, rule }));
    const { problems } = await check({ "order.yaml": order, "told.yaml": `description: orders\n${order}` });
    assert.deepEqual(
      problems.map(({ fileName, code, severity, message }) => ({ fileName, code, severity, message })),
      [
        {
          ...{ fileName: "order.yaml", code: "rule_denies", severity: Severity.SEVERITY_ERROR },
          message: "the rule shop/described: say what order is for",
        },
      ],
    );
    const noteVerdict = { $case: "note" as const, value: { message: "undescribed" } };
    await client().setRule(
      SetRuleRequest.fromPartial({ namespace, rule: { ...rule, verdict: noteVerdict } }),
    );
    const [problem] = (await check({ "order.yaml": order })).problems;
    assert.deepEqual([problem?.code, problem?.severity], ["rule_notes", Severity.SEVERITY_WARNING]);
    await client().deleteRule({ namespace, ruleId: "described", reason: "" });
  });

  it("are rejected if their total size exceeds the limit", async () => {
    const files = Array.from({ length: 5 }, (_, index) => ({
      fileName: `${index}.yaml`,
      text: "#".repeat(1_000_000),
    }));
    await assert.rejects(
      client().validate(ValidateRequest.fromPartial({ namespace, files })),
      codeOf("governance.files_too_large"),
    );
  });
});
