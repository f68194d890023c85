/**
 * Policies, in versions: each change creates one. A rollback to a kept version creates a new version with the same
 * content.
 */
import {
  ApplyTenantPolicies,
  Policy,
  RollBackTenantPolicies,
  TenantPoliciesApplied,
  TenantPoliciesAppliedV1,
} from "@tutti/contracts/governance/v1";
import { isRefusal, type ReadOnly } from "@tutti/kernel";
import { decided, isSame, type Stored, type StoredKind, since, sorted, weightOf } from "../../index.ts";
import { refusals, tenantErrors, tooHeavy } from "../errors.ts";
import { bytesMax, idLengthMax, policiesMax, versionsMax, versionsWeightMax, weightMax } from "../limits.ts";
import type { Tenant, TenantCommand, TenantEvent, TenantView } from "../state.ts";

const kind: StoredKind<Policy> = {
  name: "policy",
  codec: Policy,
  max: policiesMax,
  idLengthMax,
  bytesMax,
  idOf: ({ policyId }) => policyId,
  bare: (policy) => ({
    ...policy,
    namespace: "",
    labels: sorted(policy.labels),
    revision: "",
    updateCause: undefined,
    updateTime: undefined,
  }),
};

/** Returns the number of the current version. 0 before the first. */
export function versionOf({ versions }: TenantView): number {
  return versions.at(-1)?.version ?? 0;
}

/** Returns the policies of a version. Undefined if it is not kept. */
export function policiesAt({ base, versions }: TenantView, version: number): Map<string, Policy> | undefined {
  const first = (versions[0]?.version ?? 1) - 1;
  if (version < first || version > (versions.at(-1)?.version ?? 0)) return;
  const policies = new Map([...base].map(([id, { value }]) => [id, value as Policy]));
  for (const each of versions) {
    if (each.version > version) break;
    for (const policy of each.set) policies.set(policy.policyId, policy as Policy);
    for (const id of each.removedPolicyIds) policies.delete(id);
  }
  return policies;
}

export const policiesApplied: TenantEvent<TenantPoliciesAppliedV1> = {
  type: "policies_applied",
  version: 1,
  codec: TenantPoliciesAppliedV1,
  described: true,
  evolve(tenant, body) {
    tenant.changes += 1;
    applyVersion(tenant, body);
    tenant.versions.push(body);
    forgetVersions(tenant);
  },
};

/** Applies a version to the policies. */
export function applyVersion(
  tenant: Pick<Tenant, "policies" | "weight">,
  { version, set, removedPolicyIds, timeMs, cause }: TenantPoliciesAppliedV1,
): void {
  const subtractWeight = (policy: Stored<Policy> | undefined): void => {
    if (policy !== undefined) tenant.weight -= weightOf(Policy, policy.value);
  };
  for (const value of set) {
    const before = tenant.policies.get(value.policyId);
    subtractWeight(before);
    tenant.weight += weightOf(Policy, value);
    tenant.policies.set(value.policyId, { value, ...since(timeMs, cause, before, version) });
  }
  for (const id of removedPolicyIds) {
    subtractWeight(tenant.policies.get(id));
    tenant.policies.delete(id);
  }
}

/** Merges the oldest versions into the base. */
function forgetVersions(tenant: Tenant): void {
  const weights = tenant.versions.map((version) => weightOf(TenantPoliciesAppliedV1, version));
  let weight = weights.reduce((sum, each) => sum + each, 0);
  let count = 0;
  while (
    tenant.versions.length - count > 1 &&
    (weight > versionsWeightMax || tenant.versions.length - count > versionsMax)
  ) {
    weight -= weights[count] ?? 0;
    count += 1;
  }
  if (count === 0) return;
  const before = { policies: new Map(tenant.base), weight: 0 };
  for (const version of tenant.versions.splice(0, count)) applyVersion(before, version);
  tenant.base = before.policies;
}

export const applyPolicies: TenantCommand<ApplyTenantPolicies, TenantPoliciesApplied> = {
  type: "apply_policies",
  codec: ApplyTenantPolicies,
  reply: TenantPoliciesApplied,
  decide(tenant, { set, removedPolicyIds, version }, step) {
    const present = versionOf(tenant);
    const removed = new Set(removedPolicyIds);
    const written: Policy[] = [];
    const ids = new Set<string>();
    for (const value of set) {
      const all = tenant.policies as Tenant["policies"];
      const found = decided(kind, all, { value, revision: 0 }, refusals);
      if (isRefusal(found)) return found;
      if (ids.has(value.policyId) || removed.has(value.policyId))
        return refusals.invalid(`expected each policy once, got ${value.policyId} again`);
      ids.add(value.policyId);
      if (found.kind === "write") written.push(found.value);
    }
    const removedIds = [...removed].filter((id) => tenant.policies.has(id)).sort();
    if (written.length === 0 && removedIds.length === 0) return { version: present, unchanged: true };
    if (version !== 0 && version !== present)
      return refusals.moved("policy set", "policies", version, present);
    if (tenant.policies.size + written.length > policiesMax + removedIds.length)
      return refusals.full("policy", policiesMax);
    const weight = written.reduce((sum, policy) => sum + weightOf(Policy, policy), 0);
    if (tenant.weight + weight > weightMax) return tooHeavy(weightMax);
    step.emit(policiesApplied, {
      version: present + 1,
      set: written,
      removedPolicyIds: removedIds,
      likeVersion: 0,
      timeMs: step.nowMs,
      cause: step.cause,
    });
    return { version: present + 1, unchanged: false };
  },
};

export const rollBackPolicies: TenantCommand<RollBackTenantPolicies, TenantPoliciesApplied> = {
  type: "roll_back_policies",
  codec: RollBackTenantPolicies,
  reply: TenantPoliciesApplied,
  decide(tenant, { version }, step) {
    const present = versionOf(tenant);
    const target = policiesAt(tenant, version);
    if (target === undefined) {
      const first = (tenant.versions[0]?.version ?? 1) - 1;
      return tenantErrors.noVersion.refusal({ version, first, last: present });
    }
    const set = [...target.values()].filter((policy) => !isNow(tenant, policy));
    const removedIds = [...tenant.policies.keys()].filter((id) => !target.has(id)).sort();
    if (set.length === 0 && removedIds.length === 0) return { version: present, unchanged: true };
    step.emit(policiesApplied, {
      version: present + 1,
      set,
      removedPolicyIds: removedIds,
      likeVersion: version,
      timeMs: step.nowMs,
      cause: step.cause,
    });
    return { version: present + 1, unchanged: false };
  },
};

function isNow({ policies }: TenantView, policy: ReadOnly<Policy>): boolean {
  const found = policies.get(policy.policyId);
  // The cast is safe: the value is only read.
  return found !== undefined && isSame(Policy, found.value, policy as Policy);
}
