/** Snapshots of a tenant. */
import { type KeptBy, Policy, TenantSnapshotV1 } from "@tutti/contracts/governance/v1";
import { type Kept, weightOf } from "../index.ts";
import { bindings, callerLimits, principals, roles, rules, type TenantKind } from "./kept/kinds.ts";
import { byOf, sinceOf } from "./kept/since.ts";
import { takeVersion } from "./policies/policies.ts";
import { newTenant, type Tenant } from "./state.ts";

export const snapshot = { codec: TenantSnapshotV1, of: snapshotOf, from: tenantOf };

function snapshotOf(tenant: Tenant): TenantSnapshotV1 {
  const { changes, namespace, base, versions, forgetMs } = tenant;
  return {
    changes,
    resource: namespace && { resource: namespace.value, by: byOf(namespace) },
    principals: [...tenant.principals.values()].map((kept) => ({ principal: kept.value, by: byOf(kept) })),
    roles: [...tenant.roles.values()].map((kept) => ({ role: kept.value, by: byOf(kept) })),
    bindings: [...tenant.bindings.values()].map((kept) => ({ binding: kept.value, by: byOf(kept) })),
    limits: [...tenant.limits.values()].map((kept) => ({ limit: kept.value, by: byOf(kept) })),
    rules: [...tenant.rules.values()].map((kept) => ({ rule: kept.value, by: byOf(kept) })),
    keys: [...tenant.keys.values()],
    tokens: [...tenant.tokens.values()],
    lockouts: [...tenant.lockouts.values()],
    pastRules: tenant.pastRules,
    base: [...base.values()].map((kept) => ({ policy: kept.value, by: byOf(kept) })),
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
  for (const { principal, by } of snapshot.principals) take(principals, tenant, principal, by);
  for (const { role, by } of snapshot.roles) take(roles, tenant, role, by);
  for (const { binding, by } of snapshot.bindings) take(bindings, tenant, binding, by);
  for (const { limit, by } of snapshot.limits) take(callerLimits, tenant, limit, by);
  for (const { rule, by } of snapshot.rules) take(rules, tenant, rule, by);
  for (const kept of snapshot.keys)
    if (kept.key !== undefined) tenant.keys.set(kept.key.keyId, { ...kept, key: kept.key });
  for (const kept of snapshot.tokens)
    if (kept.token !== undefined) tenant.tokens.set(kept.token.tokenId, { ...kept, token: kept.token });
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
    takeVersion(tenant, version);
    tenant.versions.push(version);
  }
  return tenant;
}

function take<T>(kind: TenantKind<T>, tenant: Tenant, value: T | undefined, by: KeptBy | undefined): void {
  if (value === undefined) return;
  tenant.weight += weightOf(kind.codec, value);
  const kept: Kept<T> = { value, ...sinceOf(by) };
  kind.of(tenant).set(kind.idOf(value as Parameters<typeof kind.idOf>[0]), kept);
}
