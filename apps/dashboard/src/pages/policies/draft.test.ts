import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Flip, Policy } from "@tutti/rest/types";
import {
  applyCommand,
  changeOf,
  draftOfPolicy,
  emptyCase,
  emptyPolicy,
  isWhole,
  policyProblems,
  turnsOf,
} from "./draft.ts";
import { policySearch } from "./search.ts";

const actions = [{ name: "workflow.runs.start", kinds: ["run"] }];

describe("a policy that is written", () => {
  const policy: Policy = {
    ...{ policyId: "night", description: "at night", text: "permit(principal, action, resource);" },
    ...{ enforcement: "shadow", labels: { team: "a" } },
    cases: [
      {
        title: "not Bob",
        question: {
          actor: { kind: "person", id: "bob" },
          groups: ["day"],
          action: "workflow.runs.start",
          resourceKind: "run",
          resourceLabels: { team: "a" },
          context: { hour: 3 },
        },
        allowed: false,
      },
    ],
  };

  it("keeps what it has no field for: labels, groups, what a case looks at", () => {
    const [set] = changeOf(draftOfPolicy(policy), actions).set;
    const { namespace: _, ...same } = policy;
    assert.deepEqual(set, same);
  });

  it("makes a case about the kind that its action takes", () => {
    const added = {
      ...emptyCase,
      title: "Ada",
      who: "person:ada",
      action: "workflow.runs.start",
      id: "r1",
      allowed: true,
    };
    const [set] = changeOf({ ...emptyPolicy, id: "night", cases: [added] }, actions).set;
    assert.deepEqual(set?.cases, [
      {
        title: "Ada",
        question: {
          ...{ actor: { kind: "person", id: "ada" }, action: "workflow.runs.start" },
          ...{ resourceKind: "run", resourceId: "r1" },
        },
        allowed: true,
      },
    ]);
  });

  it("is not applied without an id, nor with a case that asks nothing", () => {
    assert.equal(isWhole(policyProblems(emptyPolicy, actions)), false);
    assert.equal(isWhole(policyProblems({ ...emptyPolicy, id: "night" }, actions)), true);
    assert.equal(isWhole(policyProblems({ ...emptyPolicy, id: "my night" }, actions)), false);
    const draft = {
      ...emptyPolicy,
      id: "night",
      cases: [emptyCase, { ...emptyCase, title: "a", who: "ada" }],
    };
    assert.deepEqual(
      policyProblems(draft, actions).cases.map((problem) => problem?.slice(0, 16)),
      ["Title: required.", "Expected a princ"],
    );
  });

  it("is the same as a command", () => {
    assert.equal(
      applyCommand({ ...emptyPolicy, id: "night", enforcement: "shadow" }, "it's late"),
      "tutti policy apply night.cedar --shadow --reason 'it'\\''s late'",
    );
  });
});

describe("what a change would turn", () => {
  it("counts calls, not lines: alike ones are one decision", () => {
    const flip = (allowed: boolean, count: number): Flip => ({
      allowed,
      policies: [],
      before: { decisionId: "d", count, policies: [], shadowPolicies: [], errors: [] },
    });
    assert.deepEqual(turnsOf([flip(false, 40), flip(false, 2), flip(true, 1)]), { denied: 42, allowed: 1 });
  });
});

describe("the address of a policy", () => {
  it("names a policy, and a version that there can be", () => {
    assert.deepEqual(policySearch({ id: "night", version: 3, of: "system" }), {
      id: "night",
      version: 3,
      of: "system",
    });
    assert.deepEqual(policySearch({ id: "", version: -1, of: "other" }), {});
  });
});
