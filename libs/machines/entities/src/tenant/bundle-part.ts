/**
 * The contribution of a tenant to a bundle: data that services need to decide locally, without ended or disabled items.
 * A suspended namespace contributes everything: the bundle's list of namespaces decides whether work may start.
 */
import {
  type AdmissionRule,
  type BundleContent,
  Enforcement,
  type IdentityLimit,
  type Namespace,
  type Policy,
  type Principal,
  type Role,
  type RoleBinding,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp, type Query, toTimestamp } from "@tutti/kernel";
import { endOfKey } from "./credentials/forgetting.ts";
import { endOfLockout } from "./credentials/lockouts.ts";
import type { StoredKey, Tenant, TenantView } from "./state.ts";

export type BundlePart = Omit<BundleContent, "number" | "createTime" | "maxAgeMs" | "tokenKeys">;

export interface PartRequest {
  readonly namespace: string;
  readonly nowMs: number;
}

export const bundlePart: Query<Tenant, PartRequest, BundlePart> = {
  type: "bundle_part",
  answer: (tenant, request) => partOf(tenant, request),
};

function partOf(tenant: TenantView, { namespace, nowMs }: PartRequest): BundlePart {
  // The cast is safe: a bundle is encoded and dropped.
  const { principals, roles, bindings, limits, rules, keys, tokens, policies, lockouts } = tenant as Tenant;
  const inNamespace = <T>(all: Iterable<{ readonly value: T }>): T[] =>
    [...all].map(({ value }) => ({ ...value, namespace }));
  const counts = ({ enforcement }: { readonly enforcement: Enforcement }) =>
    enforcement !== Enforcement.ENFORCEMENT_OFF;
  const isInForce = ({ expireTime }: Pick<RoleBinding, "expireTime">) =>
    expireTime === undefined || fromTimestamp(expireTime) > nowMs;
  return {
    policies: inNamespace<Policy>(policies.values()).filter(counts),
    roles: inNamespace<Role>(roles.values()),
    bindings: inNamespace<RoleBinding>(bindings.values()).filter(isInForce),
    // A finding of a rule names its version.
    rules: [...rules.values()]
      .map(({ value, revision }): AdmissionRule => ({ ...value, namespace, revision: String(revision) }))
      .filter(counts),
    // Services need only the principals that can change a decision.
    principals: inNamespace<Principal>(principals.values()).filter(
      ({ groups, disabled, agent, labels }) =>
        groups.length > 0 || disabled || agent !== undefined || Object.keys(labels).length > 0,
    ),
    limits: inNamespace<IdentityLimit>(limits.values()),
    keys: [...keys.values()]
      .filter((stored) => endOfKey(stored) > nowMs)
      .map((stored) => verifierOf(stored, namespace)),
    revokedTokenIds: [...tokens.values()]
      .filter(({ revokeMs }) => revokeMs > 0)
      .map(({ token }) => token.tokenId),
    lockouts: [...lockouts.values()].filter((each) => endOfLockout(each) > nowMs),
    namespaces: tenant.namespace === undefined ? [] : [namespaceOf(tenant.namespace)],
  };
}

/** Returns a stored namespace with the fields that the service sets. */
export function namespaceOf({
  value,
  createMs,
  createCause,
  revision,
}: NonNullable<TenantView["namespace"]>): Namespace {
  return {
    ...value,
    labels: { ...value.labels },
    createTime: toTimestamp(createMs),
    createCause: createCause as Namespace["createCause"],
    revision: String(revision),
  };
}

function verifierOf({ key, hash }: StoredKey, namespace: string): BundlePart["keys"][number] {
  const { keyId, actor, scope, expireTime } = key;
  return { keyId, namespace, hash, scope, expireTime, actor };
}
