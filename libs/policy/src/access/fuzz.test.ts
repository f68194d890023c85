/**
 * Policies of any text: mistakes are reported, no caller is judged by half of a policy, and forbidden actions
 * stay forbidden.
 */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Enforcement, type Policy } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { type Cedar, loadCedar } from "./cedar.ts";
import { policyProblems } from "./checking.ts";
import { PolicyEvaluator, type Question } from "./policy-evaluator.ts";
import { Vocabulary } from "./vocabulary.ts";

const sound = [
  'permit(principal == Person::"ann", action == Action::"workflow.runs.start", resource);',
  'permit(principal in Group::"night", action in Action::"workflow.*", resource) when { resource.hasTag("team") };',
  "forbid(principal, action, resource) unless { context has hour && context.hour < 20 };",
  '@reason("not at night") forbid(principal, action in [Action::"workflow.runs.start"], resource);',
];
const signs = [
  "permit",
  "forbid",
  "principal",
  "?principal",
  "==",
  "in",
  "{",
  "}",
  "(",
  ")",
  ";",
  '"',
  "\\",
  "@",
  "//",
  "\u0000",
  "\u{1f3bb}",
];
const question: Question = {
  actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "ann" },
  ...{ groups: ["night"], action: "workflow.runs.start", namespace: "shop" },
  ...{ resourceKind: "run", resourceId: "order-1", labels: { team: "blue" } },
};

function policy(policyId: string, text: string): Policy {
  return {
    ...{ namespace: "shop", policyId, description: "", text, enforcement: Enforcement.ENFORCEMENT_ENFORCED },
    ...{ cases: [], labels: {}, updateCause: undefined, updateTime: undefined, revision: "" },
  };
}

/** A valid policy with a typing mistake, or any text at all. */
const text = fc.oneof(
  fc
    .tuple(fc.constantFrom(...sound), fc.nat(), fc.nat(40), fc.constantFrom("", ...signs))
    .map(([policy, at, removed, inserted]) => {
      const place = at % policy.length;
      return policy.slice(0, place) + inserted + policy.slice(place + removed);
    }),
  fc.array(fc.constantFrom(...sound, ...signs, " "), { maxLength: 12 }).map((parts) => parts.join(" ")),
  fc.string(),
);
/** A fixed seed. Another one finds others. */
const settings = { seed: 20_261_121, numRuns: 400 };

describe("a policy of any text", () => {
  let cedar: Cedar;
  before(async () => {
    cedar = await loadCedar();
  });
  const decided = (...policies: readonly Policy[]) =>
    new PolicyEvaluator(cedar, { policies: [...policies], roles: [], bindings: [], principals: [] }).decide(
      question,
      0,
    );

  it("is checked, or its faults are named with their place", () => {
    const vocabulary = new Vocabulary([
      { action: "workflow.runs.start", resource: "run" },
      { action: "workflow.runs.get", resource: "run" },
    ]);
    fc.assert(
      fc.property(text, (source) => {
        for (const { message, line, column } of policyProblems(cedar, vocabulary, [policy("one", source)]))
          assert.ok(message !== "" && line >= 1 && column >= 1, source);
      }),
      settings,
    );
  });

  it("permits no action that another policy forbids", () => {
    const forbidding = policy("never", "forbid(principal, action, resource);");
    fc.assert(
      fc.property(text, (source) => {
        const { allowed, policies } = decided(policy("one", source), forbidding);
        assert.equal(allowed, false, source);
        assert.ok(
          policies.some(({ policyId }) => policyId === "never"),
          source,
        );
      }),
      settings,
    );
  });

  it("that cannot be parsed does not affect other policies, and permits no action", () => {
    const permitting = policy("always", "permit(principal, action, resource);");
    fc.assert(
      fc.property(text, (source) => {
        const problems = cedar.policySetTextToParts(source).type === "failure";
        fc.pre(problems);
        assert.equal(decided(policy("one", source)).allowed, false, source);
        assert.equal(decided(policy("one", source), permitting).allowed, true, source);
      }),
      settings,
    );
  });
});
