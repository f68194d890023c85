import type { identityService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import type { TenantDesk } from "../tenants/desk.ts";
import { createKey, listKeys, revoke as revokeKey, rotateKey } from "./keys.ts";
import { listLimits, recordUses, setLimit } from "./limits.ts";
import { lift, listLockouts } from "./lockouts.ts";
import {
  createPrincipal,
  deletePrincipal,
  listPrincipals,
  myself,
  principalShown,
  updatePrincipal,
} from "./principals.ts";
import { issueToken, listTokens, narrowToken, redeemToken, revoke as revokeTokens } from "./tokens.ts";

export function identityHandlers(desk: TenantDesk): Handlers<typeof identityService> {
  return {
    getMyself: (_request, context) => myself(desk, context),
    createPrincipal: (request, context) => createPrincipal(desk, request, context),
    getPrincipal: async ({ actor }, context) => ({ principal: await principalShown(desk, actor, context) }),
    listPrincipals: (request, context) => listPrincipals(desk, request, context),
    updatePrincipal: (request, context) => updatePrincipal(desk, request, context),
    deletePrincipal: (request, context) => deletePrincipal(desk, request, context),
    createKey: (request, context) => createKey(desk, request, context),
    listKeys: (request, context) => listKeys(desk, request, context),
    rotateKey: (request, context) => rotateKey(desk, request, context),
    revokeKey: (request, context) => revokeKey(desk, request, context),
    issueToken: (request, context) => issueToken(desk, request, context),
    narrowToken: (request, context) => narrowToken(desk, request, context),
    redeemToken: (request, context) => redeemToken(desk, request, context),
    listTokens: (request, context) => listTokens(desk, request, context),
    revokeTokens: (request, context) => revokeTokens(desk, request, context),
    setIdentityLimit: (request, context) => setLimit(desk, request, context),
    listIdentityLimits: (request, context) => listLimits(desk, request, context),
    recordUses: (request, context) => recordUses(desk, request, context),
    listLockouts: (request, context) => listLockouts(desk, request, context),
    liftLockout: (request, context) => lift(desk, request, context),
  };
}
