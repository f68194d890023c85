/** Snapshots of a tenant. */
import { type KeptBy, Policy, TenantSnapshotV1 } from "@tutti/contracts/governance/v1";
import { type Stored, weightOf } from "../index.ts";
import { bindings, callerLimits, principals, roles, rules, type TenantKind } from "./kept/kinds.ts";
import { byOf, sinceOf } from "./kept/since.ts";
import { applyVersion } from "./policies/policies.ts";
import { newTenant, type Tenant } from "./state.ts";

export const snapshot = { codec: TenantSnapshotV1, of: snapshotOf, from: tenantOf };

function snapshotOf(tenant: Tenant): TenantSnapshotV1 {
  const { changes, namespace, base, versions, forgetMs } = tenant;
  return {
    changes,
    resource: namespace && { resource: namespace.value, by: byOf(namespace) },
    principals: [...tenant.principals.values()].map((stored) => ({
      principal: stored.value,
      by: byOf(stored),
    })),
    roles: [...tenant.roles.values()].map((stored) => ({ role: stored.value, by: byOf(stored) })),
    bindings: [...tenant.bindings.values()].map((stored) => ({ binding: stored.value, by: byOf(stored) })),
    limits: [...tenant.limits.values()].map((stored) => ({ limit: stored.value, by: byOf(stored) })),
    rules: [...tenant.rules.values()].map((stored) => ({ rule: stored.value, by: byOf(stored) })),
    keys: [...tenant.keys.values()],
    tokens: [...tenant.tokens.values()],
    lockouts: [...tenant.lockouts.values()],
    pastRules: tenant.pastRules,
    base: [...base.values()].map((stored) => ({ policy: stored.value, by: byOf(stored) })),
    versions,
    forgetMs,
  };
}

function tenantOf(snapshot: TenantSnapshotV1): Tenant {
  const { changes, resource, base, versions, forgetMs } = snapshot;
  const tenant = newTenant();
  Object.assign(tenant, { changes, forgetMs });
  if (resource?.resource !== undefined)
    tenant.namespace = { value: resource.resource, ...sinceOf(resource.by) };
  for (const { principal, by } of snapshot.principals) restore(principals, tenant, principal, by);
  for (const { role, by } of snapshot.roles) restore(roles, tenant, role, by);
  for (const { binding, by } of snapshot.bindings) restore(bindings, tenant, binding, by);
  for (const { limit, by } of snapshot.limits) restore(callerLimits, tenant, limit, by);
  for (const { rule, by } of snapshot.rules) restore(rules, tenant, rule, by);
  for (const stored of snapshot.keys)
    if (stored.key !== undefined) tenant.keys.set(stored.key.keyId, { ...stored, key: stored.key });
  for (const stored of snapshot.tokens)
    if (stored.token !== undefined)
      tenant.tokens.set(stored.token.tokenId, { ...stored, token: stored.token });
  tenant.pastRules.push(...snapshot.pastRules);
  for (const lockout of snapshot.lockouts) tenant.lockouts.set(lockout.subject, lockout);
  tenant.base = new Map(
    base.flatMap(({ policy, by }) =>
      policy === undefined ? [] : [[policy.policyId, { value: policy, ...sinceOf(by) }]],
    ),
  );
  for (const [id, policy] of tenant.base) {
    tenant.weight += weightOf(Policy, policy.value);
    tenant.policies.set(id, policy);
  }
  for (const version of versions) {
    applyVersion(tenant, version);
    tenant.versions.push(version);
  }
  return tenant;
}

function restore<T>(kind: TenantKind<T>, tenant: Tenant, value: T | undefined, by: KeptBy | undefined): void {
  if (value === undefined) return;
  tenant.weight += weightOf(kind.codec, value);
  const stored: Stored<T> = { value, ...sinceOf(by) };
  kind.of(tenant).set(kind.idOf(value as Parameters<typeof kind.idOf>[0]), stored);
}
