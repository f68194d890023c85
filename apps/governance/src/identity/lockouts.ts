/**
 * Principals and addresses that are locked out of the installation because of guessing. Only the namespace
 * `system` stores them.
 */
import type { LiftLockoutRequest, ListLockoutsRequest, Lockout } from "@tutti/contracts/governance/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import { endOfLockout, liftLockout } from "@tutti/machine-entities/tenant";
import { executeOnTenant, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";

export async function listLockouts(
  dependencies: TenantDependencies,
  { page }: ListLockoutsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { lockouts } = await tenantOf(dependencies, namespace, context);
  const nowMs = dependencies.foundation.clock.now();
  const all = [...lockouts.values()]
    .filter((lockout) => endOfLockout(lockout) > nowMs)
    .sort((one, other) => (one.subject < other.subject ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["lockouts", namespace], keyOf: ({ subject }) => subject },
    page,
  );
  return {
    lockouts: items.map((lockout): Lockout => ({ ...lockout })),
    page: { nextToken, total: all.length },
  };
}

/** Lifts a lock-out. The next bundle applies it in every process. */
export async function lift(
  dependencies: TenantDependencies,
  { subject, reason }: LiftLockoutRequest,
  context: CallContext,
) {
  const { removed } = await executeOnTenant(
    dependencies,
    { command: liftLockout, body: { subject }, reason },
    context,
  );
  return { lifted: removed > 0 };
}
