export { type BundlePart, bundlePart, namespaceOf, type PartRequest } from "./bundle-part.ts";
export { endOfKey } from "./credentials/forgetting.ts";
export { keepKey, revokeKey } from "./credentials/keys.ts";
export { endOfLockout, liftLockout, noteLockouts } from "./credentials/lockouts.ts";
export { keepToken, revokeTokens } from "./credentials/tokens.ts";
export { noteUses } from "./credentials/uses.ts";
export { tenantErrors } from "./errors.ts";
export { binding, callerLimit, principal, role, rule } from "./kept/keepers.ts";
export { allCallers } from "./kept/kinds.ts";
export { keepNamespace, removeNamespace } from "./kept/namespace.ts";
export { tenant } from "./machine.ts";
export { applyPolicies, policiesAt, rollBackPolicies, versionOf } from "./policies/policies.ts";
export { contents } from "./queries.ts";
export {
  actorKey,
  newTenant,
  type StoredKey,
  type StoredToken,
  type Tenant,
  type TenantView,
} from "./state.ts";
