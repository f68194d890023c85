/**
 * Which callers may do an action on everything, and which only on some resources or under some conditions.
 * Two readings of the same rules show that. In the narrow reading, a condition that permits never holds, and
 * one that forbids always holds. In the wide reading it is the reverse. An action that the narrow reading
 * allows is allowed on every resource. An action that the wide reading denies is never allowed.
 */
import { type BundleContent, Enforcement, type Policy } from "@tutti/contracts/governance/v1";
import type { Identity } from "./bindings.ts";
import type { Cedar, CedarPolicyJson } from "./cedar.ts";
import { PolicyEvaluator } from "./policy-evaluator.ts";

export interface Matrix {
  /** Returns whether an identity may do an action in a namespace: on all resources, on some, or on none. */
  mayDo(identity: Identity, action: string, about: About): "always" | "sometimes" | "never";
  rolesOf(identity: Identity, namespace: string): readonly string[];
}

interface About {
  readonly namespace: string;
  /** Kind of the resource of the action. */
  readonly resourceKind: string;
}

type Readable = Pick<BundleContent, "policies" | "roles" | "bindings" | "principals">;

export function matrixOf(cedar: Cedar, content: Readable, nowMs: number): Matrix {
  const narrow = new PolicyEvaluator(cedar, readingOf(cedar, content, "forbid"));
  const wide = wideEvaluator(cedar, content);
  const isAllowed = (evaluator: PolicyEvaluator, identity: Identity, action: string, about: About) =>
    evaluator.decide({ ...identity, action, ...about, resourceId: "", labels: {} }, nowMs).allowed;
  return {
    mayDo(identity, action, about) {
      if (isAllowed(narrow, identity, action, about)) return "always";
      return isAllowed(wide, identity, action, about) ? "sometimes" : "never";
    },
    rolesOf: (identity, namespace) => wide.rolesOf(identity, namespace, nowMs),
  };
}

/**
 * Returns an evaluator for the wide reading: an action that it denies is never allowed. Policies need
 * `cedar`.
 */
export function wideEvaluator(cedar: Cedar | undefined, content: Readable): PolicyEvaluator {
  return new PolicyEvaluator(cedar, readingOf(cedar, content, "permit"));
}

/** Returns the rules with conditions that always hold for one effect, and never for the other. */
function readingOf(cedar: Cedar | undefined, content: Readable, effect: "permit" | "forbid"): Readable {
  const policies = content.policies
    .filter(({ enforcement }) => enforcement !== Enforcement.ENFORCEMENT_SHADOW)
    .map((policy) => (cedar === undefined ? policy : readPolicy(cedar, policy, effect)));
  const bindings =
    effect === "permit"
      ? content.bindings.map((binding) => ({ ...binding, resources: undefined }))
      : content.bindings.filter(({ resources }) => resources === undefined);
  return { ...content, policies, bindings };
}

function readPolicy(cedar: Cedar, policy: Policy, effect: "permit" | "forbid"): Policy {
  const parts = cedar.policySetTextToParts(policy.text);
  if (parts.type === "failure") return policy;
  const texts = parts.policies.flatMap((text) => {
    const read = cedar.policyToJson(text);
    if (read.type === "failure" || !isConditional(read.json)) return [text];
    if (read.json.effect !== effect) return [];
    const bare = cedar.policyToText({ ...read.json, resource: { op: "All" }, conditions: [] });
    return bare.type === "failure" ? [] : [bare.text];
  });
  return { ...policy, text: texts.join("\n") };
}

/** Returns whether it reads more than the caller and the action. */
function isConditional({ resource, conditions }: CedarPolicyJson): boolean {
  return resource.op !== "All" || conditions.length > 0;
}
