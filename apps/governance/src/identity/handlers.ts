import type { identityService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import type { TenantDependencies } from "../tenants/dependencies.ts";
import { createKey, listKeys, revoke as revokeKey, rotateKey } from "./keys.ts";
import { listLimits, recordUses, setLimit } from "./limits.ts";
import { lift, listLockouts } from "./lockouts.ts";
import {
  createPrincipal,
  deletePrincipal,
  listPrincipals,
  myself,
  readPrincipal,
  updatePrincipal,
} from "./principals.ts";
import { issueToken, listTokens, narrowToken, redeemToken, revoke as revokeTokens } from "./tokens.ts";

export function identityHandlers(dependencies: TenantDependencies): Handlers<typeof identityService> {
  return {
    getMyself: (_request, context) => myself(dependencies, context),
    createPrincipal: (request, context) => createPrincipal(dependencies, request, context),
    getPrincipal: async ({ actor }, context) => ({
      principal: await readPrincipal(dependencies, actor, context),
    }),
    listPrincipals: (request, context) => listPrincipals(dependencies, request, context),
    updatePrincipal: (request, context) => updatePrincipal(dependencies, request, context),
    deletePrincipal: (request, context) => deletePrincipal(dependencies, request, context),
    createKey: (request, context) => createKey(dependencies, request, context),
    listKeys: (request, context) => listKeys(dependencies, request, context),
    rotateKey: (request, context) => rotateKey(dependencies, request, context),
    revokeKey: (request, context) => revokeKey(dependencies, request, context),
    issueToken: (request, context) => issueToken(dependencies, request, context),
    narrowToken: (request, context) => narrowToken(dependencies, request, context),
    redeemToken: (request, context) => redeemToken(dependencies, request, context),
    listTokens: (request, context) => listTokens(dependencies, request, context),
    revokeTokens: (request, context) => revokeTokens(dependencies, request, context),
    setIdentityLimit: (request, context) => setLimit(dependencies, request, context),
    listIdentityLimits: (request, context) => listLimits(dependencies, request, context),
    recordUses: (request, context) => recordUses(dependencies, request, context),
    listLockouts: (request, context) => listLockouts(dependencies, request, context),
    liftLockout: (request, context) => lift(dependencies, request, context),
  };
}
