/** API keys: the description and the hash of each. */
import {
  ApiKey,
  KeepKey,
  KeyKeptV1,
  KeyRevokedV1,
  RevokeTenantKey,
  TenantChanged,
} from "@tutti/contracts/governance/v1";
import { toTimestamp } from "@tutti/kernel";
import { weightOf } from "../../index.ts";
import { refusals, tenantErrors } from "../errors.ts";
import { nothing } from "../kept/keeper.ts";
import { bytesMax, keysMax } from "../limits.ts";
import type { TenantCommand, TenantEvent, TenantView } from "../state.ts";
import { endOfKey, forgetAt, forgetKeyMs } from "./forgetting.ts";

export const keyKept: TenantEvent<KeyKeptV1> = {
  type: "key_kept",
  version: 1,
  codec: KeyKeptV1,
  described: true,
  evolve(tenant, { key, hash, replacesKeyId, overlapUntilMs, timeMs, cause }, outstanding) {
    if (key === undefined) return;
    tenant.changes += 1;
    const stored = {
      key: { ...key, createTime: toTimestamp(timeMs), createCause: cause },
      hash,
      revokeMs: 0,
    };
    tenant.keys.set(key.keyId, stored);
    forgetAt(tenant, forgetKeyMs(stored), outstanding);
    const replaced = tenant.keys.get(replacesKeyId);
    if (replaced !== undefined) {
      const endMs = Math.min(overlapUntilMs, endOfKey(replaced));
      const expireTime = Number.isFinite(endMs) ? toTimestamp(endMs) : undefined;
      const ending = { ...replaced, key: { ...replaced.key, successorKeyId: key.keyId, expireTime } };
      tenant.keys.set(replacesKeyId, ending);
      forgetAt(tenant, forgetKeyMs(ending), outstanding);
    }
  },
};

export const keyRevoked: TenantEvent<KeyRevokedV1> = {
  type: "key_revoked",
  version: 1,
  codec: KeyRevokedV1,
  described: true,
  evolve(tenant, { keyId, timeMs }, outstanding) {
    const stored = tenant.keys.get(keyId);
    if (stored === undefined) return;
    tenant.changes += 1;
    const ended = { ...stored, key: { ...stored.key, revoked: true }, revokeMs: timeMs };
    tenant.keys.set(keyId, ended);
    forgetAt(tenant, forgetKeyMs(ended), outstanding);
  },
};

export const keepKey: TenantCommand<KeepKey, TenantChanged> = {
  type: "keep_key",
  codec: KeepKey,
  reply: TenantChanged,
  decide(tenant, { key, hash, replacesKeyId, overlapUntilMs }, step) {
    if (key === undefined || key.keyId === "" || hash === "" || key.actor === undefined)
      return refusals.invalid("expected a key with an id, a hash and an actor");
    if (weightOf(ApiKey, key) > bytesMax)
      return refusals.invalid(`expected a key of at most ${bytesMax} bytes`);
    if (tenant.keys.has(key.keyId)) return refusals.exists("key", key.keyId);
    if (tenant.keys.size >= keysMax) return refusals.full("key", keysMax);
    if (replacesKeyId !== "" && !isInForce(tenant, replacesKeyId, step.nowMs))
      return tenantErrors.ended.refusal({ name: "key", id: replacesKeyId });
    step.emit(keyKept, {
      key: bare(key),
      hash,
      replacesKeyId,
      overlapUntilMs,
      timeMs: step.nowMs,
      cause: step.cause,
    });
    return { ...nothing, revision: tenant.changes };
  },
};

export const revokeKey: TenantCommand<RevokeTenantKey, TenantChanged> = {
  type: "revoke_key",
  codec: RevokeTenantKey,
  reply: TenantChanged,
  decide(tenant, { keyId }, step) {
    if (!isInForce(tenant, keyId, step.nowMs)) return { ...nothing, revision: tenant.changes };
    step.emit(keyRevoked, { keyId, timeMs: step.nowMs });
    return { ...nothing, revision: tenant.changes, removed: 1 };
  },
};

function isInForce({ keys }: TenantView, keyId: string, nowMs: number): boolean {
  const stored = keys.get(keyId);
  return stored !== undefined && endOfKey(stored) > nowMs;
}

/** Returns the key without its later changes. */
function bare(key: ApiKey): ApiKey {
  return {
    ...key,
    namespace: "",
    useTime: undefined,
    useAddress: "",
    revoked: false,
    successorKeyId: "",
    createTime: undefined,
    createCause: undefined,
  };
}
