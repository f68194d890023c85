/** Issued tokens that have not ended. A revocation is kept until the token expires. */
import {
  IssuedToken,
  KeepToken,
  RevokeTenantTokens,
  TenantChanged,
  TokenKeptV1,
  TokensRevokedV1,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { weightOf } from "../../index.ts";
import { refusals, tenantErrors } from "../errors.ts";
import { nothing } from "../kept/keeper.ts";
import { bytesMax, tokensMax } from "../limits.ts";
import { actorKey, type Tenant, type TenantCommand, type TenantEvent, type TenantView } from "../state.ts";
import { forgetAt, forgetTokenMs } from "./forgetting.ts";

export const tokenKept: TenantEvent<TokenKeptV1> = {
  type: "token_kept",
  version: 1,
  codec: TokenKeptV1,
  described: true,
  evolve(tenant, { token, redeemsTokenId, timeMs }, outstanding) {
    if (token === undefined) return;
    tenant.changes += 1;
    const issued = { token, revokeMs: 0 };
    tenant.tokens.set(token.tokenId, issued);
    revoke(tenant, redeemsTokenId, timeMs);
    forgetAt(tenant, forgetTokenMs(issued), outstanding);
  },
};

export const tokensRevoked: TenantEvent<TokensRevokedV1> = {
  type: "tokens_revoked",
  version: 1,
  codec: TokensRevokedV1,
  described: true,
  evolve(tenant, { tokenIds, timeMs }) {
    tenant.changes += 1;
    for (const id of tokenIds) revoke(tenant, id, timeMs);
  },
};

function revoke(tenant: Tenant, id: string, timeMs: number): void {
  const stored = tenant.tokens.get(id);
  if (stored !== undefined && stored.revokeMs === 0) tenant.tokens.set(id, { ...stored, revokeMs: timeMs });
}

export const keepToken: TenantCommand<KeepToken, TenantChanged> = {
  type: "keep_token",
  codec: KeepToken,
  reply: TenantChanged,
  decide(tenant, { token, redeemsTokenId }, step) {
    if (
      token === undefined ||
      token.tokenId === "" ||
      token.actor === undefined ||
      token.expireTime === undefined
    )
      return refusals.invalid("expected a token with an id, an expiration time and an actor");
    if (weightOf(IssuedToken, token) > bytesMax)
      return refusals.invalid(`expected a token of at most ${bytesMax} bytes`);
    if (tenant.tokens.has(token.tokenId)) return refusals.exists("token", token.tokenId);
    if (tenant.tokens.size >= tokensMax) return refusals.full("token", tokensMax);
    // A token is exchanged once, by the first caller. Its parent must be valid as well.
    for (const id of [redeemsTokenId, token.parentTokenId])
      if (id !== "" && !isInForce(tenant, id, step.nowMs))
        return tenantErrors.ended.refusal({ name: "token", id });
    step.emit(tokenKept, { token, redeemsTokenId, timeMs: step.nowMs });
    return { ...nothing, revision: tenant.changes, removed: redeemsTokenId === "" ? 0 : 1 };
  },
};

export const revokeTokens: TenantCommand<RevokeTenantTokens, TenantChanged> = {
  type: "revoke_tokens",
  codec: RevokeTenantTokens,
  reply: TenantChanged,
  decide(tenant, { tokenId, actor }, step) {
    if (tokenId === "" && actor === undefined)
      return refusals.invalid("expected a token or an actor, got neither");
    const owner = actorKey(actor);
    const first = [...tenant.tokens.values()]
      .filter(({ token }) => (tokenId === "" ? actorKey(token.actor) === owner : token.tokenId === tokenId))
      .map(({ token }) => token.tokenId);
    const tokenIds = withDescendants(tenant, first).filter((id) => isInForce(tenant, id, step.nowMs));
    if (tokenIds.length === 0) return { ...nothing, revision: tenant.changes };
    step.emit(tokensRevoked, { tokenIds, timeMs: step.nowMs });
    return { ...nothing, revision: tenant.changes, removed: tokenIds.length };
  },
};

/** Returns these tokens and their direct and indirect descendants, in order. */
function withDescendants({ tokens }: TenantView, ids: readonly string[]): string[] {
  const found = new Set(ids);
  // A parent precedes the tokens that are narrowed from it.
  for (const { token } of tokens.values()) if (found.has(token.parentTokenId)) found.add(token.tokenId);
  return [...found].sort();
}

function isInForce({ tokens }: TenantView, id: string, nowMs: number): boolean {
  const stored = tokens.get(id);
  const expireTime = stored?.token.expireTime;
  return (
    stored !== undefined &&
    stored.revokeMs === 0 &&
    expireTime !== undefined &&
    fromTimestamp(expireTime) > nowMs
  );
}
