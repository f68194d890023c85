import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Flip, Policy } from "@tutti/rest/types";
import {
  applyCommand,
  changeOf,
  draftOfPolicy,
  emptyCase,
  emptyPolicy,
  isComplete,
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

  it("keeps values that the form does not show: labels, and the groups and context of a case", () => {
    const [set] = changeOf(draftOfPolicy(policy), actions).set;
    const { namespace: _, ...same } = policy;
    assert.deepEqual(set, same);
  });

  it("adds a case with the resource kind of its action", () => {
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

  it("is not applied without a valid id, or with an incomplete case", () => {
    assert.equal(isComplete(policyProblems(emptyPolicy, actions)), false);
    assert.equal(isComplete(policyProblems({ ...emptyPolicy, id: "night" }, actions)), true);
    assert.equal(isComplete(policyProblems({ ...emptyPolicy, id: "my night" }, actions)), false);
    const draft = {
      ...emptyPolicy,
      id: "night",
      cases: [emptyCase, { ...emptyCase, title: "a", who: "ada" }],
    };
    assert.deepEqual(
      policyProblems(draft, actions).cases.map((problem) => problem?.slice(0, 16)),
      ["Enter a title.", "Expected a princ"],
    );
  });

  it("is the same as a command", () => {
    assert.equal(
      applyCommand({ ...emptyPolicy, id: "night", enforcement: "shadow" }, "it's late"),
      "tutti policy apply night.cedar --shadow --reason 'it'\\''s late'",
    );
  });
});

describe("decisions that a policy change would alter", () => {
  it("count calls, not lines, because identical calls share one line", () => {
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
