import type { Query } from "@tutti/kernel";
import type { Tenant, TenantView } from "./state.ts";

/** Returns a copy of all stored data of a tenant: later changes do not affect it. */
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
