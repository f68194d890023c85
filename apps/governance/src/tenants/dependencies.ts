/** The access of handlers to the tenants: the stored identities of a namespace and their rights. */
import { type CommandCall, execute, type MachineDependencies, orIfAbsent, query } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey } from "@tutti/kernel";
import { contents, newTenant, type TenantView } from "@tutti/machine-entities/tenant";
import type { BundleBuilder } from "../bundles/bundle-builder.ts";
import type { Keys } from "../bundles/keys.ts";
import type { GovernanceSettings } from "../configuration.ts";
import type { Deciding } from "../policies/deciding.ts";

export interface TenantDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly bundles: BundleBuilder;
  readonly deciding: Deciding;
  readonly keys: Keys;
  readonly settings: GovernanceSettings;
}

export function tenantKey(namespace: string): InstanceKey {
  return { namespace, kind: "tenant", id: namespace };
}

/** Returns the stored state of a namespace. Empty if it was never configured. */
export function tenantOf(
  dependencies: MachineDependencies,
  namespace: string,
  context: CallContext,
): Promise<TenantView> {
  const call = { query: contents, body: undefined };
  return orIfAbsent<TenantView>(query(dependencies, tenantKey(namespace), call, context), newTenant());
}

/**
 * Executes a command on the tenant of a namespace: by default that of the call. Its changes are part of
 * the next bundle.
 */
export async function executeOnTenant<Body, Reply>(
  dependencies: TenantDependencies,
  call: CommandCall<Body, Reply>,
  context: CallContext,
  namespace = context.namespace,
): Promise<Reply> {
  const reply = await execute(dependencies, tenantKey(namespace), call, context);
  dependencies.bundles.changed(namespace);
  return reply;
}

/**
 * Executes a command on the tenant of the namespace of a call, and resolves when a bundle contains its changes. Without
 * an owner that can be asked, the change is in a later bundle.
 */
export async function publishOnTenant<Body, Reply>(
  dependencies: TenantDependencies,
  call: CommandCall<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  const reply = await executeOnTenant(dependencies, call, context);
  await dependencies.bundles.current().catch(() => {});
  return reply;
}

/** Returns the revision that a caller read. 0 for none. */
export function revisionOf(text: string | undefined): number {
  return text === undefined || text === "" ? 0 : Number(text);
}
