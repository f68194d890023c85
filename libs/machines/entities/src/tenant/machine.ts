/**
 * The tenant, a machine: who there is in a namespace and what they may do. Identities (principals, keys, tokens), what
 * they may do (roles, bindings, policies, limits) and what is admitted (rules).
 *
 * 1. It keeps settings and their authors. The caller validates them before.
 * 2. Every change has a number: the revision of what was changed. Policies have versions besides, which can be gone
 *    back to.
 * 3. No secret is ever here: of a key its hash, of a token its description.
 * 4. It never ends: a deleted namespace has no settings, and can be created again.
 */
import { entity } from "../kit/entity.ts";
import { bundlePart } from "./bundle-part.ts";
import { credentialsForgotten, recoverForgetting } from "./credentials/forgetting.ts";
import { keepKey, keyKept, keyRevoked, revokeKey } from "./credentials/keys.ts";
import { liftLockout, lockoutLifted, lockoutsNoted, noteLockouts } from "./credentials/lockouts.ts";
import { keepToken, revokeTokens, tokenKept, tokensRevoked } from "./credentials/tokens.ts";
import { noteUses, usesNoted } from "./credentials/uses.ts";
import { binding, callerLimit, principal, role, rule } from "./kept/keepers.ts";
import { keepNamespace, namespaceKept, namespaceRemoved, removeNamespace } from "./kept/namespace.ts";
import { applyPolicies, policiesApplied, rollBackPolicies } from "./policies/policies.ts";
import { contents } from "./queries.ts";
import { snapshot } from "./snapshots.ts";
import { newTenant } from "./state.ts";

const keepers = [principal, role, binding, callerLimit, rule] as const;

export const tenant = entity({
  kind: "tenant",
  isConfidential: true,
  create: newTenant,
  commands: [
    keepNamespace,
    removeNamespace,
    ...keepers.flatMap(({ keep, remove }) => [keep, remove]),
    applyPolicies,
    rollBackPolicies,
    keepKey,
    revokeKey,
    keepToken,
    revokeTokens,
    noteUses,
    noteLockouts,
    liftLockout,
  ],
  events: [
    namespaceKept,
    namespaceRemoved,
    ...keepers.flatMap(({ kept, removed }) => [kept, removed]),
    policiesApplied,
    keyKept,
    keyRevoked,
    tokenKept,
    tokensRevoked,
    usesNoted,
    lockoutsNoted,
    lockoutLifted,
    credentialsForgotten,
  ],
  queries: [contents, bundlePart],
  snapshot,
  recover: recoverForgetting,
  expire(_tenant, _number, step) {
    step.emit(credentialsForgotten, { beforeMs: step.nowMs });
  },
  labels: ({ namespace, principals, policies }) => ({
    made: namespace === undefined ? "no" : "yes",
    principals: String(principals.size),
    policies: String(policies.size),
  }),
});
