import type { Query } from "@tutti/kernel";
import type { Tenant, TenantView } from "./state.ts";

/** All that is kept of a tenant, as it was when it was asked: what changes afterwards does not change it. */
export const contents: Query<Tenant, void, TenantView> = {
  type: "contents",
  answer: (tenant) => ({
    ...tenant,
    principals: new Map(tenant.principals),
    roles: new Map(tenant.roles),
    bindings: new Map(tenant.bindings),
    limits: new Map(tenant.limits),
    rules: new Map(tenant.rules),
    policies: new Map(tenant.policies),
    keys: new Map(tenant.keys),
    tokens: new Map(tenant.tokens),
    versions: [...tenant.versions],
    pastRules: [...tenant.pastRules],
  }),
};
