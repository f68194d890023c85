/** Keys and tokens that have ended are deleted after a while, and those of removed identities immediately. */
import { CredentialsForgottenV1 } from "@tutti/contracts/governance/v1";
import { fromTimestamp, type Outstanding } from "@tutti/kernel";
import { endedKeyMs, endedTokenMs, forgetEveryMs } from "../limits.ts";
import {
  actorKey,
  type StoredKey,
  type StoredToken,
  type Tenant,
  type TenantEvent,
  type TenantView,
} from "../state.ts";

const forgetting = 1;

/** Returns when a key ends. Infinity if it does not. */
export function endOfKey({
  key,
  revokeMs,
}: Pick<StoredKey, "revokeMs"> & { readonly key: Pick<StoredKey["key"], "expireTime"> }): number {
  const expireMs = key.expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(key.expireTime);
  return revokeMs > 0 ? Math.min(revokeMs, expireMs) : expireMs;
}

/** Returns when a token expires: a revoked token must be known as such until then. */
function expireOf({ token }: StoredToken): number {
  return token.expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(token.expireTime);
}

/** Returns when a key is no longer listed. */
export function forgetKeyMs(stored: StoredKey): number {
  return endOfKey(stored) + endedKeyMs;
}

/** Returns when no process accepts a token any longer, even with a clock that is behind. */
export function forgetTokenMs(stored: StoredToken): number {
  return expireOf(stored) + endedTokenMs;
}

export const credentialsForgotten: TenantEvent<CredentialsForgottenV1> = {
  type: "credentials_forgotten",
  version: 1,
  codec: CredentialsForgottenV1,
  described: true,
  evolve(tenant, { beforeMs }, outstanding) {
    tenant.forgetMs = 0;
    outstanding.cleared(forgetting);
    for (const [id, stored] of tenant.keys)
      if (forgetKeyMs(stored) <= beforeMs) tenant.keys.delete(id);
      else forgetAt(tenant, forgetKeyMs(stored), outstanding);
    for (const [id, stored] of tenant.tokens)
      if (forgetTokenMs(stored) <= beforeMs) tenant.tokens.delete(id);
      else forgetAt(tenant, forgetTokenMs(stored), outstanding);
  },
};

/** Sets the timer for a deletion, rounded so that several deletions happen together. */
export function forgetAt(tenant: Tenant, ms: number, outstanding: Outstanding): void {
  const dueMs = Math.ceil(ms / forgetEveryMs) * forgetEveryMs;
  if (!Number.isFinite(dueMs) || (tenant.forgetMs > 0 && tenant.forgetMs <= dueMs)) return;
  tenant.forgetMs = dueMs;
  outstanding.timer(forgetting, dueMs);
}

export function recoverForgetting({ forgetMs }: TenantView, outstanding: Outstanding): void {
  if (forgetMs > 0) outstanding.timer(forgetting, forgetMs);
}

export function forgetCredentialsOf(tenant: Tenant, actor: string): void {
  for (const [id, { key }] of tenant.keys) if (actorKey(key.actor) === actor) tenant.keys.delete(id);
  // Its tokens are in use until they expire: they must be known as revoked.
  for (const [id, { token, revokeMs }] of tenant.tokens)
    if (actorKey(token.actor) === actor && revokeMs === 0) tenant.tokens.set(id, { token, revokeMs: 1 });
}
