/** How handlers use the tenants: the stored identities of a namespace and their rights. */
import { ask, type MachineDependencies, orIfAbsent, type Told, tell } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey } from "@tutti/kernel";
import { contents, newTenant, type TenantView } from "@tutti/machine-entities/tenant";
import type { BundleMaker } from "../bundles/bundle-maker.ts";
import type { Keys } from "../bundles/keys.ts";
import type { GovernanceSettings } from "../configuration.ts";
import type { Deciding } from "../policies/deciding.ts";

export interface TenantDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly bundles: BundleMaker;
  readonly deciding: Deciding;
  readonly keys: Keys;
  readonly settings: GovernanceSettings;
}

export function tenantKey(namespace: string): InstanceKey {
  return { namespace, kind: "tenant", id: namespace };
}

/** All that is kept of a namespace. Nothing if it was never configured. */
export function tenantOf(
  dependencies: MachineDependencies,
  namespace: string,
  context: CallContext,
): Promise<TenantView> {
  const question = { query: contents, body: undefined };
  return orIfAbsent<TenantView>(ask(dependencies, tenantKey(namespace), question, context), newTenant());
}

/**
 * Returns a command to the tenant of a namespace, that of the call unless another one is named. What it changes is in
 * the next bundle.
 */
export async function tellTenant<Body, Reply>(
  dependencies: TenantDependencies,
  told: Told<Body, Reply>,
  context: CallContext,
  namespace = context.namespace,
): Promise<Reply> {
  const reply = await tell(dependencies, tenantKey(namespace), told, context);
  dependencies.bundles.changed(namespace);
  return reply;
}

/** Returns the revision that a caller saw. 0 where it saw none. */
export function revisionOf(text: string | undefined): number {
  return text === undefined || text === "" ? 0 : Number(text);
}
