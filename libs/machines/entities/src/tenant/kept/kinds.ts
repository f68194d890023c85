/** Kinds of items that a tenant stores by id, and how each is stored. */
import {
  AdmissionRule,
  IdentityLimit,
  Principal,
  Role,
  RoleBinding,
  TenantChanged,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { sorted } from "../../index.ts";
import type { Collection, Storing } from "../../kit/collection.ts";
import { refusals, tooHeavy } from "../errors.ts";
import {
  bindingsMax,
  bytesMax,
  callerLimitsMax,
  idLengthMax,
  principalsMax,
  rolesMax,
  rulesMax,
  weightMax,
} from "../limits.ts";
import { actorKey, changed, type Tenant } from "../state.ts";

/** A kind of item in a tenant, and its location in the state. */
export interface TenantKind<T> extends Collection<Tenant, T, TenantChanged> {
  /** `role`: part of the names of its commands and events. */
  readonly type: string;
}

const inTenant: Storing<Tenant, TenantChanged> & { readonly idLengthMax: number; readonly bytesMax: number } =
  {
    refusals,
    reply: TenantChanged,
    changed,
    idLengthMax,
    bytesMax,
    toReply: ({ revision, existed, removed }) => ({
      revision,
      existed: existed && !removed,
      removed: removed ? 1 : 0,
    }),
    room: ({ weight: all }, weight) => (all + weight > weightMax ? tooHeavy(weightMax) : undefined),
    weigh(tenant, difference) {
      tenant.weight += difference;
    },
  };

/** Fields that only the service sets. */
const unsaid = { namespace: "", revision: "" };

export const principals: TenantKind<Principal> = {
  ...inTenant,
  name: "principal",
  type: "principal",
  codec: Principal,
  max: principalsMax,
  of: (tenant) => tenant.principals,
  idOf: ({ actor }) => actorKey(actor),
  bare: (principal) => ({
    ...principal,
    ...unsaid,
    groups: [...new Set(principal.groups)].sort(),
    labels: sorted(principal.labels),
    seenTime: undefined,
    createTime: undefined,
    createCause: undefined,
  }),
  problem({ actor }) {
    if (actor !== undefined && actor.kind !== ActorKind.ACTOR_KIND_UNSPECIFIED && actor.id !== "") return;
    return "expected a person, service or agent with an id, got none";
  },
};

export const roles: TenantKind<Role> = {
  ...inTenant,
  name: "role",
  type: "role",
  codec: Role,
  max: rolesMax,
  of: (tenant) => tenant.roles,
  idOf: ({ role }) => role,
  bare: (role) => ({
    ...role,
    ...unsaid,
    labels: sorted(role.labels),
    readyMade: false,
    updateCause: undefined,
  }),
};

export const bindings: TenantKind<RoleBinding> = {
  ...inTenant,
  name: "binding",
  type: "binding",
  codec: RoleBinding,
  max: bindingsMax,
  of: (tenant) => tenant.bindings,
  idOf: ({ bindingId }) => bindingId,
  bare: (binding) => ({ ...binding, ...unsaid, labels: sorted(binding.labels), createCause: undefined }),
  problem: ({ subject }) => (subject === undefined ? "expected an actor or a group, got neither" : undefined),
};

export const callerLimits: TenantKind<IdentityLimit> = {
  name: "limit",
  type: "caller_limit",
  codec: IdentityLimit,
  max: callerLimitsMax,
  ...inTenant,
  of: (tenant) => tenant.limits,
  // The default limit has no actor, but needs a name.
  idOf: ({ actor }) => actorKey(actor) || allCallers,
  bare: (limit) => ({ ...limit, ...unsaid }),
};

export const allCallers = "everybody";

export const rules: TenantKind<AdmissionRule> = {
  ...inTenant,
  name: "rule",
  type: "rule",
  codec: AdmissionRule,
  max: rulesMax,
  of: (tenant) => tenant.rules,
  idOf: ({ ruleId }) => ruleId,
  bare: (rule) => ({
    ...withSortedChanges(rule),
    ...unsaid,
    labels: sorted(rule.labels),
    updateCause: undefined,
    updateTime: undefined,
  }),
  problem: ({ verdict }) => (verdict === undefined ? "expected a verdict, got none" : undefined),
};

function withSortedChanges(rule: AdmissionRule): AdmissionRule {
  const { verdict } = rule;
  if (verdict?.$case !== "change") return rule;
  return { ...rule, verdict: { $case: "change", value: { set: sorted(verdict.value.set) } } };
}
