/** API keys. The key itself is only in the reply that made it. Its hash is stored. */
import {
  ApiKey,
  type CreateKeyRequest,
  type ListKeysRequest,
  type RevokeKeyRequest,
  type RotateKeyRequest,
  Scope,
} from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import {
  type CallContext,
  descending,
  fromTimestamp,
  isTuttiError,
  pageOf,
  toTimestamp,
} from "@tutti/kernel";
import { isSame } from "@tutti/machine-entities";
import { actorKey, endOfKey, keepKey, revokeKey, tenantErrors } from "@tutti/machine-entities/tenant";
import { hashKey, newApiKey, prefixOf, printApiKey } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { requireServed } from "../policies/vocabulary.ts";
import { publishOnTenant, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { keyOf } from "../tenants/views.ts";
import { bearerOf, scopeWithin } from "./authority.ts";
import { repeatedId } from "./repeats.ts";

const idLength = 12;
const dayMs = 86_400_000;

interface KeyRequest {
  readonly actor: Actor;
  readonly title: string;
  readonly scope: Scope;
  /** Infinity for a key without an end. */
  readonly expireMs: number;
  /** Empty if it replaces none. */
  readonly replacesKeyId: string;
  readonly overlapUntilMs: number;
}

export async function createKey(
  dependencies: TenantDependencies,
  request: CreateKeyRequest,
  context: CallContext,
) {
  const { title, lifetimeMs } = request;
  requireServed("scope.actions", request.scope?.actions ?? []);
  const { actor } = await bearerOf(dependencies, request.actor, context);
  const scope = scopeWithin(context.principal.credential?.scope, request.scope);
  const expireMs = await expiryOf(dependencies, lifetimeMs || dependencies.settings.keyLifetimeMs, context);
  const requested = { actor, title, scope, expireMs, replacesKeyId: "", overlapUntilMs: 0 };
  return storeKey(dependencies, requested, context);
}

export async function rotateKey(
  dependencies: TenantDependencies,
  { keyId, overlapMs }: RotateKeyRequest,
  context: CallContext,
) {
  const old = await readKey(dependencies, keyId, context);
  const { title, actor: bearer, createTime, expireTime, successorKeyId } = old;
  const { actor } = await bearerOf(dependencies, bearer, context);
  const scope = scopeWithin(context.principal.credential?.scope, old.scope);
  const { clock } = dependencies.foundation;
  // The next key has the lifetime meant for this one. An earlier rotation has shortened it.
  const isShortened = successorKeyId !== "";
  const lifetimeMs =
    expireTime === undefined || createTime === undefined || isShortened
      ? dependencies.settings.keyLifetimeMs
      : fromTimestamp(expireTime) - fromTimestamp(createTime);
  const expireMs = await expiryOf(dependencies, lifetimeMs, context);
  const overlapUntilMs = clock.now() + (overlapMs || dayMs);
  const issued = await storeKey(
    dependencies,
    { actor, title, scope, expireMs, replacesKeyId: keyId, overlapUntilMs },
    context,
  );
  return { ...issued, oldKey: await readKey(dependencies, keyId, context) };
}

export async function revoke(
  dependencies: TenantDependencies,
  { keyId, reason }: RevokeKeyRequest,
  context: CallContext,
) {
  const { removed } = await publishOnTenant(
    dependencies,
    { command: revokeKey, body: { keyId }, reason },
    context,
  );
  return { revoked: removed > 0 };
}

export async function listKeys(
  dependencies: TenantDependencies,
  { actor, ended, page }: ListKeysRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { keys } = await tenantOf(dependencies, namespace, context);
  const nowMs = dependencies.foundation.clock.now();
  const all = [...keys.values()]
    .filter((stored) => ended || endOfKey(stored) > nowMs)
    .map((stored) => keyOf(namespace, stored))
    .filter((key) => actor === undefined || actorKey(key.actor) === actorKey(actor))
    .map((key) => ({ key, place: placeOf(key) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const list = ["keys", namespace, actor, ended];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ place }) => place }, page);
  return { keys: items.map(({ key }) => key), page: { nextToken, total: all.length } };
}

/** Returns the sort key: the newest first. */
function placeOf({ createTime, keyId }: ApiKey): string {
  const createMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return `${descending(createMs)} ${keyId}`;
}

async function readKey(
  dependencies: TenantDependencies,
  keyId: string,
  context: CallContext,
): Promise<ApiKey> {
  const { keys } = await tenantOf(dependencies, context.namespace, context);
  const stored = keys.get(keyId);
  if (stored === undefined) throw tenantErrors.missing({ name: "key", id: keyId });
  return keyOf(context.namespace, stored);
}

/** Returns the expiry of a key: no later than that of the credential of its maker. */
async function expiryOf(
  dependencies: TenantDependencies,
  lifetimeMs: number,
  context: CallContext,
): Promise<number> {
  const expiryMs =
    lifetimeMs > 0 ? dependencies.foundation.clock.now() + lifetimeMs : Number.POSITIVE_INFINITY;
  const { credential } = context.principal;
  if (credential === undefined) return expiryMs;
  const { keys, tokens } = await tenantOf(dependencies, credential.namespace || context.namespace, context);
  const end = (keys.get(credential.id)?.key ?? tokens.get(credential.id)?.token)?.expireTime;
  return end === undefined ? expiryMs : Math.min(expiryMs, fromTimestamp(end));
}

async function storeKey(dependencies: TenantDependencies, requested: KeyRequest, context: CallContext) {
  const { actor, title, scope, expireMs, replacesKeyId, overlapUntilMs } = requested;
  const { chance } = dependencies.foundation;
  const fresh = newApiKey(chance);
  const repeated = repeatedId(context, replacesKeyId, idLength);
  const keyId = repeated ?? fresh.keyId;
  const { secret } = fresh;
  const expireTime = Number.isFinite(expireMs) ? toTimestamp(expireMs) : undefined;
  const key = ApiKey.fromPartial({ keyId, title, actor, scope, expireTime, prefix: prefixOf(keyId) });
  const found = repeated === undefined ? undefined : await repetitionOf(dependencies, key, context);
  if (found !== undefined) return { key: found, secret: "" };
  const body = { key, hash: await hashKey(secret, chance), replacesKeyId, overlapUntilMs };
  try {
    await publishOnTenant(dependencies, { command: keepKey, body, idempotencyKey: "" }, context);
  } catch (error) {
    // Another call with the same idempotency key came first.
    const first = tenantErrors.exists.is(error) ? await repetitionOf(dependencies, key, context) : undefined;
    if (first === undefined || !isTuttiError(error)) throw error;
    return { key: first, secret: "" };
  }
  return { key: await readKey(dependencies, keyId, context), secret: printApiKey({ keyId, secret }) };
}

/** Returns the result of the first call with the same idempotency key. Undefined if this is the first. */
async function repetitionOf(
  dependencies: TenantDependencies,
  requested: ApiKey,
  context: CallContext,
): Promise<ApiKey | undefined> {
  const { keys } = await tenantOf(dependencies, context.namespace, context);
  const stored = keys.get(requested.keyId);
  if (stored === undefined) return;
  const found = keyOf(context.namespace, stored);
  const isOther =
    found.title !== requested.title ||
    actorKey(found.actor) !== actorKey(requested.actor) ||
    !isSame(Scope, found.scope ?? Scope.create(), requested.scope ?? Scope.create());
  if (isOther) throw governanceErrors.repeatedOtherwise({ what: "key" });
  return found;
}
