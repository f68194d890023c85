import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AdmissionRule } from "@tutti/rest/types";
import { draftOfRule, emptyRule, ruleOfDraft, ruleProblems } from "./draft.ts";
import { ruleSearch } from "./search.ts";

describe("a rule that is written", () => {
  const rule: AdmissionRule = {
    ...{ ruleId: "large", description: "large ones", subject: "request", condition: "subject.a < 5" },
    approval: { message: "may it?", deciders: ["ada", "ops"], approvalsNeeded: 2, timeoutMs: 1_000 },
    ...{ severity: "error", enforcement: "enforced", labels: {} },
    controls: [{ framework: "soc2", control: "CC6.1" }],
    cases: [{ title: "small", subject: { a: 1 }, groups: [], admitted: true }],
  };

  it("keeps values that the form does not show: cases, required approvals and the timeout", () => {
    assert.deepEqual(ruleOfDraft(draftOfRule(rule)), rule);
    const { approval: _, ...rest } = rule;
    const change = { set: { "spec.pool": '"night"', 'spec.labels["a b"]': "1 == 1" } };
    assert.deepEqual(ruleOfDraft(draftOfRule({ ...rest, change })), { ...rest, change });
  });

  it("starts in shadow mode if it is new", () => {
    assert.equal(ruleOfDraft(emptyRule).enforcement, "shadow");
  });

  it("is not sent without a valid id, with an empty change, or with an incomplete control", () => {
    assert.deepEqual(Object.keys(ruleProblems({ ...emptyRule, id: "a" })), []);
    const wrong = { ...emptyRule, id: "a b", verdict: "change", set: "spec.pool", controls: "soc2" } as const;
    assert.deepEqual(Object.keys(ruleProblems(wrong)), ["id", "set", "controls"]);
    assert.deepEqual(Object.keys(ruleProblems({ ...wrong, id: "a", controls: "", set: "" })), ["set"]);
  });

  it("is named by the address", () => {
    assert.deepEqual([ruleSearch({ id: "large" }), ruleSearch({ id: "" })], [{ id: "large" }, {}]);
  });
});
