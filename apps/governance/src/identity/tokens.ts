/**
 * Tokens: issued, narrowed, exchanged, revoked. The token itself is only in the reply that made it.
 *
 * 1. A token that is made from another has at most its rights and its lifetime, and ends when the other is
 *    revoked.
 * 2. A token for a single exchange is valid only for that, once: storing the new token ends it, in one step
 *    of the tenant.
 */
import {
  IssuedToken,
  type IssueTokenRequest,
  type ListTokensRequest,
  type NarrowTokenRequest,
  type RedeemTokenRequest,
  type RevokeTokensRequest,
  Scope,
  TokenUse,
} from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { type CallContext, descending, fromTimestamp, pageOf, toTimestamp } from "@tutti/kernel";
import { isSame } from "@tutti/machine-entities";
import { actorKey, keepToken, revokeTokens, tenantErrors } from "@tutti/machine-entities/tenant";
import { TokenChecker, type TokenIdentity, unscoped } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { requireServed } from "../policies/vocabulary.ts";
import {
  executeOnTenant,
  publishOnTenant,
  type TenantDependencies,
  tenantOf,
} from "../tenants/dependencies.ts";
import { tokenOf } from "../tenants/views.ts";
import { bearerOf, scopeWithin } from "./authority.ts";
import { repeatedId } from "./repeats.ts";

const hourMs = 3_600_000;
const idLength = 26;

interface TokenRequest {
  readonly actor: Actor;
  /** Namespace of the principal, whose tenant stores the token. */
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly use: TokenUse;
  readonly scope: Scope;
  readonly expireMs: number;
  /** Empty if it was not made from another token. */
  readonly parentTokenId: string;
  readonly redeemsTokenId: string;
}

/** A credential: its identity, and the bounds of tokens made from it. */
type Credential = Pick<TokenIdentity, "tokenId" | "actor" | "namespace" | "groups" | "scope" | "use"> & {
  /** Infinity if it does not end. */
  readonly expireMs: number;
};

export async function issueToken(
  dependencies: TenantDependencies,
  request: IssueTokenRequest,
  context: CallContext,
) {
  const { use, lifetimeMs } = request;
  requireServed("scope.actions", request.scope?.actions ?? []);
  const { actor, isCaller } = await bearerOf(dependencies, request.actor, context);
  const credential = await credentialOf(dependencies, context);
  const within = scopeWithin(credential?.scope, request.scope);
  const lifeMs = Math.min(lifetimeMs || hourMs, dependencies.settings.tokenLifetimeMaxMs);
  const expireMs = Math.min(
    dependencies.foundation.clock.now() + lifeMs,
    credential?.expireMs ?? Number.POSITIVE_INFINITY,
  );
  const about = { actor, use: use || TokenUse.TOKEN_USE_CALLS, expireMs, redeemsTokenId: "" };
  if (!isCaller || credential === undefined) {
    const { namespace } = context;
    return storeToken(
      dependencies,
      { ...about, namespace, groups: [], scope: within, parentTokenId: "" },
      context,
    );
  }
  const { namespace, groups } = credential;
  // It is stored at its origin, and states where it is valid.
  const isOrigin = namespace === context.namespace;
  const scope = isOrigin
    ? within
    : scopeWithin(within, { ...Scope.create(), namespaces: [context.namespace] });
  return storeToken(
    dependencies,
    { ...about, namespace, groups, scope, parentTokenId: credential.tokenId },
    context,
  );
}

export async function narrowToken(
  dependencies: TenantDependencies,
  request: NarrowTokenRequest,
  context: CallContext,
) {
  const { secret, scope, lifetimeMs } = request;
  requireServed("scope.actions", scope?.actions ?? []);
  const credential =
    secret === "" ? await credentialOf(dependencies, context) : await checked(dependencies, secret);
  if (credential === undefined || credential.tokenId === "")
    throw governanceErrors.tokenRefused({ reason: "the caller showed none. Name the token to restrict" });
  if (credential.use === TokenUse.TOKEN_USE_ONE_TIME)
    throw governanceErrors.tokenRefused({ reason: "it is for one exchange" });
  const { actor, namespace, groups, use, tokenId, expireMs } = credential;
  const untilMs =
    lifetimeMs > 0 ? dependencies.foundation.clock.now() + lifetimeMs : Number.POSITIVE_INFINITY;
  const requested = { actor, namespace, groups, use, scope: scopeWithin(credential.scope, scope) };
  const ends = { expireMs: Math.min(untilMs, expireMs), parentTokenId: tokenId, redeemsTokenId: "" };
  return storeToken(dependencies, { ...requested, ...ends }, context);
}

export async function redeemToken(
  dependencies: TenantDependencies,
  request: RedeemTokenRequest,
  context: CallContext,
) {
  const { secret, use } = request;
  const credential = await checked(dependencies, secret);
  if (credential.use !== TokenUse.TOKEN_USE_ONE_TIME)
    throw governanceErrors.tokenRefused({ reason: "it is not for an exchange" });
  if (use === TokenUse.TOKEN_USE_ONE_TIME)
    throw governanceErrors.tokenRefused({ reason: "it is exchanged for one that is for an exchange again" });
  const { actor, namespace, groups, scope, tokenId } = credential;
  const expireMs = dependencies.foundation.clock.now() + dependencies.settings.tokenLifetimeMaxMs;
  const requested = {
    actor,
    namespace,
    groups,
    use,
    scope,
    expireMs,
    parentTokenId: "",
    redeemsTokenId: tokenId,
  };
  try {
    return await storeToken(dependencies, requested, context);
  } catch (error) {
    if (!tenantErrors.ended.is(error)) throw error;
    throw governanceErrors.tokenRefused({ reason: "it has ended or was exchanged before" }, { cause: error });
  }
}

export async function listTokens(
  dependencies: TenantDependencies,
  { actor, uses, page }: ListTokensRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { tokens } = await tenantOf(dependencies, namespace, context);
  const nowMs = dependencies.foundation.clock.now();
  const all = [...tokens.values()]
    .filter(({ revokeMs, token }) => revokeMs === 0 && endOf(token) > nowMs)
    .map(tokenOf)
    .filter((token) => actor === undefined || actorKey(token.actor) === actorKey(actor))
    .filter(({ use }) => uses.length === 0 || uses.includes(use))
    .map((token) => ({ token, place: placeOf(token) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const list = ["tokens", namespace, actor, uses];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ place }) => place }, page);
  return { tokens: items.map(({ token }) => token), page: { nextToken, total: all.length } };
}

export async function revoke(
  dependencies: TenantDependencies,
  { which, reason }: RevokeTokensRequest,
  context: CallContext,
) {
  const tokenId = which?.$case === "tokenId" ? which.value : "";
  const actor = which?.$case === "actor" ? which.value : undefined;
  const call = { command: revokeTokens, body: { tokenId, actor }, reason };
  const { removed } = await publishOnTenant(dependencies, call, context);
  return { revoked: removed };
}

async function storeToken(dependencies: TenantDependencies, requested: TokenRequest, context: CallContext) {
  const { actor, namespace, groups, use, scope, expireMs, parentTokenId, redeemsTokenId } = requested;
  const repeated = repeatedId(context, `${parentTokenId} ${redeemsTokenId}`, idLength);
  const tokenId = repeated ?? dependencies.ids.newId("token");
  // Times in tokens are in seconds.
  const createMs = Math.floor(dependencies.foundation.clock.now() / 1_000) * 1_000;
  const endMs = Math.floor(expireMs / 1_000) * 1_000;
  const times = { createTime: toTimestamp(createMs), expireTime: toTimestamp(endMs) };
  const token = IssuedToken.fromPartial({ tokenId, actor, parentTokenId, use, scope, ...times });
  const found =
    repeated === undefined ? undefined : await repetitionOf(dependencies, namespace, token, context);
  if (found !== undefined) return { token: found, secret: "" };
  const issuer = await dependencies.keys.issuer();
  const body = { token, redeemsTokenId };
  await executeOnTenant(dependencies, { command: keepToken, body, idempotencyKey: "" }, context, namespace);
  const content = { tokenId, actor, namespace, groups, use, scope, createMs, expireMs: endMs };
  return { token, secret: await issuer.issue(content) };
}

async function repetitionOf(
  dependencies: TenantDependencies,
  namespace: string,
  requested: IssuedToken,
  context: CallContext,
) {
  const { tokens } = await tenantOf(dependencies, namespace, context);
  const stored = tokens.get(requested.tokenId);
  if (stored === undefined) return;
  const found = tokenOf(stored);
  const isOther =
    found.use !== requested.use ||
    actorKey(found.actor) !== actorKey(requested.actor) ||
    !isSame(Scope, found.scope ?? unscoped, requested.scope ?? unscoped);
  if (isOther) throw governanceErrors.repeatedOtherwise({ what: "token" });
  return found;
}

/** Returns the credential of the caller. Undefined for the installation's own processes. */
async function credentialOf(
  dependencies: TenantDependencies,
  context: CallContext,
): Promise<Credential | undefined> {
  const { credential } = context.principal;
  if (credential === undefined) return;
  const { actor } = await bearerOf(dependencies, undefined, context);
  const namespace = credential.namespace || context.namespace;
  const { keys, tokens } = await tenantOf(dependencies, namespace, context);
  const token = tokens.get(credential.id)?.token;
  const end = (token ?? keys.get(credential.id)?.key)?.expireTime;
  const expireMs = end === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(end);
  const { groups, scope } = credential;
  const use = token?.use ?? TokenUse.TOKEN_USE_UNSPECIFIED;
  return { tokenId: token?.tokenId ?? "", actor, namespace, groups, scope, use, expireMs };
}

/** Returns the identity of a token that was passed as text. */
async function checked(dependencies: TenantDependencies, secret: string): Promise<Credential> {
  const { content } = await dependencies.bundles.current();
  const checker = new TokenChecker({ issuer: dependencies.settings.installation });
  checker.renew(content);
  const found = await checker.check(secret, dependencies.foundation.clock.now());
  if (found.kind === "refused")
    throw governanceErrors.tokenRefused({ reason: `it is ${found.fault.replaceAll("_", " ")}` });
  return found.identity;
}

/** Returns the sort key: the newest first. */
function placeOf({ createTime, tokenId }: IssuedToken): string {
  const createMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return `${descending(createMs)} ${tokenId}`;
}

function endOf({
  expireTime,
}: {
  readonly expireTime?: { readonly seconds: number; readonly nanos: number } | undefined;
}) {
  return expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(expireTime);
}
