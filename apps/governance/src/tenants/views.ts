/** Converts stored objects to the contracts. The tenant's objects are read-only here. */
import {
  AdmissionRule,
  type ApiKey,
  type IdentityLimit,
  type IssuedToken,
  type KeptRule,
  type Policy,
  type Principal,
  type Role,
  type RoleBinding,
} from "@tutti/contracts/governance/v1";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import type { Kept } from "@tutti/machine-entities";
import type { TenantView } from "@tutti/machine-entities/tenant";

type KeptView<T> = ReadOnly<Kept<T>>;

export function principalOf(namespace: string, kept: KeptView<Principal>): Principal {
  const { value, createMs, createCause, revision } = kept as Kept<Principal>;
  return { ...value, namespace, createTime: toTimestamp(createMs), createCause, revision: String(revision) };
}

export function roleOf(namespace: string, kept: KeptView<Role>): Role {
  const { value, cause: updateCause, revision } = kept as Kept<Role>;
  return { ...value, namespace, updateCause, revision: String(revision) };
}

export function bindingOf(namespace: string, kept: KeptView<RoleBinding>): RoleBinding {
  const { value, createCause, revision } = kept as Kept<RoleBinding>;
  return { ...value, namespace, createCause, revision: String(revision) };
}

export function limitOf(namespace: string, { value, revision }: KeptView<IdentityLimit>): IdentityLimit {
  return { ...(value as IdentityLimit), namespace, revision: String(revision) };
}

export function policyOf(namespace: string, kept: KeptView<Policy>): Policy {
  const { value, updateMs, cause, revision } = kept as Kept<Policy>;
  return { ...value, namespace, ...updated(updateMs, cause), revision: String(revision) };
}

export function ruleOf(namespace: string, kept: KeptView<AdmissionRule>): AdmissionRule {
  const { value, updateMs, cause, revision } = kept as Kept<AdmissionRule>;
  return { ...value, namespace, ...updated(updateMs, cause), revision: String(revision) };
}

/** Returns a rule in the form of snapshots. */
export function ruleAsKept(namespace: string, kept: ReadOnly<KeptRule> | undefined): AdmissionRule {
  const { rule = AdmissionRule.create(), by } = (kept ?? {}) as Partial<KeptRule>;
  const { updateMs = 0, updateCause, revision = 0 } = by ?? {};
  return { ...rule, namespace, ...updated(updateMs, updateCause), revision: String(revision) };
}

export function keyOf(
  namespace: string,
  { key }: NonNullable<ReturnType<TenantView["keys"]["get"]>>,
): ApiKey {
  return { ...(key as ApiKey), namespace };
}

export function tokenOf({ token }: NonNullable<ReturnType<TenantView["tokens"]["get"]>>): IssuedToken {
  return { ...(token as IssuedToken) };
}

function updated(updateMs: number, updateCause: Kept<Policy>["cause"]) {
  return { updateTime: toTimestamp(updateMs), updateCause };
}
