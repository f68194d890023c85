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
import type { Stored } from "@tutti/machine-entities";
import type { TenantView } from "@tutti/machine-entities/tenant";

type StoredView<T> = ReadOnly<Stored<T>>;

export function principalOf(namespace: string, stored: StoredView<Principal>): Principal {
  const { value, createMs, createCause, revision } = stored as Stored<Principal>;
  return { ...value, namespace, createTime: toTimestamp(createMs), createCause, revision: String(revision) };
}

export function roleOf(namespace: string, stored: StoredView<Role>): Role {
  const { value, cause: updateCause, revision } = stored as Stored<Role>;
  return { ...value, namespace, updateCause, revision: String(revision) };
}

export function bindingOf(namespace: string, stored: StoredView<RoleBinding>): RoleBinding {
  const { value, createCause, revision } = stored as Stored<RoleBinding>;
  return { ...value, namespace, createCause, revision: String(revision) };
}

export function limitOf(namespace: string, { value, revision }: StoredView<IdentityLimit>): IdentityLimit {
  return { ...(value as IdentityLimit), namespace, revision: String(revision) };
}

export function policyOf(namespace: string, stored: StoredView<Policy>): Policy {
  const { value, updateMs, cause, revision } = stored as Stored<Policy>;
  return { ...value, namespace, ...updated(updateMs, cause), revision: String(revision) };
}

export function ruleOf(namespace: string, stored: StoredView<AdmissionRule>): AdmissionRule {
  const { value, updateMs, cause, revision } = stored as Stored<AdmissionRule>;
  return { ...value, namespace, ...updated(updateMs, cause), revision: String(revision) };
}

/** Returns a rule in the form of snapshots. */
export function storedRule(namespace: string, stored: ReadOnly<KeptRule> | undefined): AdmissionRule {
  const { rule = AdmissionRule.create(), by } = (stored ?? {}) as Partial<KeptRule>;
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

function updated(updateMs: number, updateCause: Stored<Policy>["cause"]) {
  return { updateTime: toTimestamp(updateMs), updateCause };
}
