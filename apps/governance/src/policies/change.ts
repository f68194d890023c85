/** Checks a change of policies: its problems, the resulting content, and whether it can be reverted. */
import {
  type BundleContent,
  Enforcement,
  type Policy,
  type PolicyChange,
} from "@tutti/contracts/governance/v1";
import { ActorKind, type Problem, Severity } from "@tutti/contracts/types/v1";
import { type Cedar, PolicyEvaluator, policyProblems, systemNamespace, type Who } from "@tutti/policy";
import { vocabulary } from "./vocabulary.ts";

export function problemsOf(cedar: Cedar, namespace: string, change: PolicyChange | undefined): Problem[] {
  const policies = (change?.set ?? []).map(({ policyId, text }) => ({ namespace, policyId, text }));
  return policyProblems(cedar, vocabulary(), policies).map(({ policyId, message, line, column }) => ({
    severity: Severity.SEVERITY_ERROR,
    code: "policy_invalid",
    fileName: policyId,
    line,
    column,
    path: "",
    message,
    expected: "",
  }));
}

/** Returns the content with other policies of the namespace. */
export function contentAfter(
  content: BundleContent,
  namespace: string,
  change: PolicyChange | undefined,
): BundleContent {
  if (change === undefined) return content;
  const replaced = new Set([...change.removedPolicyIds, ...change.set.map(({ policyId }) => policyId)]);
  const unchanged = content.policies.filter(
    (policy) => policy.namespace !== namespace || !replaced.has(policy.policyId),
  );
  const set = change.set
    .filter(({ enforcement }) => enforcement !== Enforcement.ENFORCEMENT_OFF)
    .map((policy) => ({ ...policy, namespace }));
  return { ...content, policies: [...unchanged, ...set] };
}

/** Returns the change from the present policies to earlier ones. */
export function changeTo(
  present: ReadonlyMap<string, Policy>,
  desired: ReadonlyMap<string, Policy>,
): PolicyChange {
  return {
    set: [...desired.values()],
    removedPolicyIds: [...present.keys()].filter((id) => !desired.has(id)),
  };
}

const mending = "governance.policies.apply";

/**
 * Returns whether some identity could change policies before, and none could afterwards. The administrator of
 * the machine does not count.
 */
export function locksOut(
  cedar: Cedar,
  { before, after }: { readonly before: BundleContent; readonly after: BundleContent },
  namespace: string,
  nowMs: number,
): boolean {
  const about = { action: mending, namespace, resourceKind: "policy", resourceId: "", labels: {} };
  const canAnybody = (content: BundleContent): boolean => {
    const evaluator = new PolicyEvaluator(cedar, content);
    return candidatesIn(content, namespace).some(
      (identity) => evaluator.decide({ ...identity, ...about }, nowMs).allowed,
    );
  };
  return canAnybody(before) && !canAnybody(after);
}

function candidatesIn({ bindings, principals, keys }: BundleContent, namespace: string): Who[] {
  const here = (item: { readonly namespace: string }) =>
    item.namespace === namespace || item.namespace === systemNamespace;
  const member = { kind: ActorKind.ACTOR_KIND_PERSON, id: "" };
  const boundIdentities = bindings.filter(here).flatMap(({ subject }): Who[] => {
    if (subject?.$case === "actor") return [{ actor: subject.value, groups: [] }];
    return subject === undefined ? [] : [{ actor: member, groups: [subject.value] }];
  });
  const known = [...principals.filter(here), ...keys.filter(here)].flatMap(({ actor }): Who[] =>
    actor === undefined ? [] : [{ actor, groups: [] }],
  );
  return [...boundIdentities, ...known];
}
