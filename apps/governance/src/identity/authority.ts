/**
 * The identity of new keys and tokens: the caller, within its own rights, or another identity, if the caller has the
 * right to change principals.
 */
import { Scope } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";
import { actorKey } from "@tutti/machine-entities/tenant";
import { narrowed, unscoped } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { actorOf } from "../policies/deciding.ts";
import type { TenantDependencies } from "../tenants/dependencies.ts";

export interface Bearer {
  readonly actor: Actor;
  readonly isCaller: boolean;
}

export async function bearerOf(
  dependencies: TenantDependencies,
  requested: Actor | undefined,
  context: CallContext,
): Promise<Bearer> {
  const caller = actorOf(context.principal);
  if (requested === undefined || actorKey(requested) === actorKey(caller))
    return { actor: caller, isCaller: true };
  const action = "governance.principals.update";
  if (!(await dependencies.deciding.mayAlso(context, action, context.namespace)))
    throw governanceErrors.notForOthers({ action, namespace: context.namespace, id: requested.id });
  return { actor: requested, isCaller: false };
}

/** The request, restricted to the caller's own rights. */
export function scopeWithin(own: Scope | undefined, requested: Scope | undefined): Scope {
  const found = narrowed(own ?? unscoped, requested ?? Scope.create());
  if (found.kind === "narrowed") return found.scope;
  const violations = found.violations.map((message) => ({ field: "scope", message }));
  throw governanceErrors.scopeWider({ beyond: found.violations.join("; ") }, { violations });
}
