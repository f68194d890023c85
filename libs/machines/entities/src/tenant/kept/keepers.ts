import {
  type AdmissionRule,
  BindingKeptV1,
  BindingRemovedV1,
  CallerLimitKeptV1,
  CallerLimitRemovedV1,
  type IdentityLimit,
  KeepBinding,
  KeepCallerLimit,
  KeepPrincipal,
  KeepRole,
  KeepRule,
  PastRule,
  type Principal,
  PrincipalKeptV1,
  PrincipalRemovedV1,
  RemoveBinding,
  RemoveCallerLimit,
  RemovePrincipal,
  RemoveRole,
  RemoveRule,
  type Role,
  type RoleBinding,
  RoleKeptV1,
  RoleRemovedV1,
  RuleKeptV1,
  RuleRemovedV1,
} from "@tutti/contracts/governance/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { type Stored, weightOf } from "../../index.ts";
import { forgetCredentialsOf } from "../credentials/forgetting.ts";
import { pastRulesMax, pastRulesWeightMax } from "../limits.ts";
import { actorKey, type Tenant } from "../state.ts";
import { keeperOf } from "./keeper.ts";
import { allCallers, bindings, callerLimits, principals, roles, rules } from "./kinds.ts";
import { byOf } from "./since.ts";

export const principal = keeperOf<
  Principal,
  KeepPrincipal,
  RemovePrincipal,
  PrincipalKeptV1,
  PrincipalRemovedV1
>(principals, {
  keep: KeepPrincipal,
  remove: RemovePrincipal,
  kept: PrincipalKeptV1,
  removed: PrincipalRemovedV1,
  valueOf: ({ principal: value }) => value,
  idOf: ({ actor }) => actorKey(actor),
  toKept: (value, written) => ({ principal: value, ...written }),
  toRemoved: ({ actor }, { timeMs }) => ({ actor, timeMs }),
  // A removed identity has no keys and no tokens.
  after(tenant, _before, body) {
    if (!("principal" in body)) forgetCredentialsOf(tenant, actorKey(body.actor));
  },
});

export const role = keeperOf<Role, KeepRole, RemoveRole, RoleKeptV1, RoleRemovedV1>(roles, {
  keep: KeepRole,
  remove: RemoveRole,
  kept: RoleKeptV1,
  removed: RoleRemovedV1,
  valueOf: ({ role: value }) => value,
  idOf: ({ role: id }) => id,
  toKept: (value, written) => ({ role: value, ...written }),
  toRemoved: ({ role: id }, { timeMs }) => ({ role: id, timeMs }),
});

export const binding = keeperOf<RoleBinding, KeepBinding, RemoveBinding, BindingKeptV1, BindingRemovedV1>(
  bindings,
  {
    keep: KeepBinding,
    remove: RemoveBinding,
    kept: BindingKeptV1,
    removed: BindingRemovedV1,
    valueOf: ({ binding: value }) => value,
    idOf: ({ bindingId }) => bindingId,
    toKept: (value, written) => ({ binding: value, ...written }),
    toRemoved: ({ bindingId }, { timeMs }) => ({ bindingId, timeMs }),
  },
);

export const callerLimit = keeperOf<
  IdentityLimit,
  KeepCallerLimit,
  RemoveCallerLimit,
  CallerLimitKeptV1,
  CallerLimitRemovedV1
>(callerLimits, {
  keep: KeepCallerLimit,
  remove: RemoveCallerLimit,
  kept: CallerLimitKeptV1,
  removed: CallerLimitRemovedV1,
  valueOf: ({ limit: value }) => value,
  idOf: ({ actor }) => actorKey(actor) || allCallers,
  toKept: (value, written) => ({ limit: value, ...written }),
  toRemoved: ({ actor }, { timeMs }) => ({ actor, timeMs }),
});

export const rule = keeperOf<AdmissionRule, KeepRule, RemoveRule, RuleKeptV1, RuleRemovedV1>(rules, {
  keep: KeepRule,
  remove: RemoveRule,
  kept: RuleKeptV1,
  removed: RuleRemovedV1,
  valueOf: ({ rule: value }) => value,
  idOf: ({ ruleId }) => ruleId,
  toKept: (value, written) => ({ rule: value, ...written }),
  toRemoved: ({ ruleId }, written) => ({ ruleId, ...written }),
  after(tenant, before, { timeMs, cause, ...body }) {
    if (before === undefined) return;
    const isRemoved = !("rule" in body);
    // An earlier release removed rules without recording the author, and kept no copy.
    if (!isRemoved || cause !== undefined) passed(tenant, before, { timeMs, cause, isRemoved });
  },
});

interface Passing {
  readonly timeMs: number;
  readonly cause: Cause | undefined;
  readonly isRemoved: boolean;
}

/** Keeps earlier rules: for a rollback, and as the source of findings. */
function passed(
  { pastRules }: Tenant,
  before: Stored<AdmissionRule>,
  { timeMs, cause, isRemoved }: Passing,
): void {
  const past = { rule: before.value, by: byOf(before) };
  pastRules.push({ kept: past, endMs: timeMs, endCause: cause, removed: isRemoved });
  let weight = pastRules.reduce((sum, each) => sum + weightOf(PastRule, each), 0);
  while (pastRules.length > pastRulesMax || (weight > pastRulesWeightMax && pastRules.length > 1)) {
    const oldest = pastRules.shift();
    if (oldest !== undefined) weight -= weightOf(PastRule, oldest);
  }
}
