/** What a tenant keeps by id, and how each is kept. */
import { AdmissionRule, IdentityLimit, Principal, Role, RoleBinding } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { type Kept, type KeptKind, sorted } from "../../index.ts";
import {
  bindingsMax,
  bytesMax,
  callerLimitsMax,
  idLengthMax,
  principalsMax,
  rolesMax,
  rulesMax,
} from "../limits.ts";
import { actorKey, type Tenant } from "../state.ts";

/** A kind of thing in a tenant, and where it is. */
export interface TenantKind<T> extends KeptKind<T> {
  /** `role`: part of the names of its commands and events. */
  readonly type: string;
  of(tenant: Tenant): Map<string, Kept<T>>;
}

/** What the service says of it, and nobody else. */
const unsaid = { namespace: "", revision: "" };

export const principals: TenantKind<Principal> = {
  ...{ name: "principal", type: "principal", codec: Principal, max: principalsMax, idLengthMax, bytesMax },
  of: (tenant) => tenant.principals,
  idOf: ({ actor }) => actorKey(actor),
  bare: (principal) => ({
    ...principal,
    ...unsaid,
    groups: [...new Set(principal.groups)].sort(),
    labels: sorted(principal.labels),
    ...{ seenTime: undefined, createTime: undefined, createCause: undefined },
  }),
  problem({ actor }) {
    if (actor !== undefined && actor.kind !== ActorKind.ACTOR_KIND_UNSPECIFIED && actor.id !== "") return;
    return "expected a person, service or agent with an id, found none";
  },
};

export const roles: TenantKind<Role> = {
  ...{ name: "role", type: "role", codec: Role, max: rolesMax, idLengthMax, bytesMax },
  of: (tenant) => tenant.roles,
  idOf: ({ role }) => role,
  bare: (role) => ({ ...role, ...unsaid, readyMade: false }),
};

export const bindings: TenantKind<RoleBinding> = {
  ...{ name: "binding", type: "binding", codec: RoleBinding, max: bindingsMax, idLengthMax, bytesMax },
  of: (tenant) => tenant.bindings,
  idOf: ({ bindingId }) => bindingId,
  bare: (binding) => ({ ...binding, ...unsaid, createCause: undefined }),
  problem: ({ subject }) =>
    subject === undefined
      ? "expected whom a binding is about, an actor or a group, found neither"
      : undefined,
};

export const callerLimits: TenantKind<IdentityLimit> = {
  ...{
    name: "limit",
    type: "caller_limit",
    codec: IdentityLimit,
    max: callerLimitsMax,
    idLengthMax,
    bytesMax,
  },
  of: (tenant) => tenant.limits,
  // One for everybody has no actor, and has to have a name all the same.
  idOf: ({ actor }) => actorKey(actor) || everybody,
  bare: (limit) => ({ ...limit, ...unsaid }),
};

export const everybody = "everybody";

export const rules: TenantKind<AdmissionRule> = {
  ...{ name: "rule", type: "rule", codec: AdmissionRule, max: rulesMax, idLengthMax, bytesMax },
  of: (tenant) => tenant.rules,
  idOf: ({ ruleId }) => ruleId,
  bare: (rule) => ({ ...withSortedChanges(rule), ...unsaid, updateCause: undefined, updateTime: undefined }),
  problem: ({ verdict }) =>
    verdict === undefined ? "expected what happens by a rule, found nothing" : undefined,
};

function withSortedChanges(rule: AdmissionRule): AdmissionRule {
  const { verdict } = rule;
  if (verdict?.$case !== "change") return rule;
  return { ...rule, verdict: { $case: "change", value: { set: sorted(verdict.value.set) } } };
}
