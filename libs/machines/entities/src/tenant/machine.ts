/**
 * The tenant machine: the identities of a namespace (principals, keys, tokens), their rights (roles, bindings,
 * policies, limits), and admission rules.
 *
 * 1. It stores settings and their authors. The caller validates them before.
 * 2. Every change has a number: the revision of the changed item. Policies also have versions for rollbacks.
 * 3. It never contains a secret: only the hash of a key, and the description of a token.
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
