/** How handlers speak with the tenants: what is kept of who there is in a namespace, and what they may do. */
import { ask, type MachineDesk, orIfAbsent, type Told, tell } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey } from "@tutti/kernel";
import { contents, newTenant, type TenantView } from "@tutti/machine-entities/tenant";
import type { BundleMaker } from "../bundles/bundle-maker.ts";
import type { Keys } from "../bundles/keys.ts";
import type { GovernanceSettings } from "../configuration.ts";
import type { Deciding } from "../policies/deciding.ts";

export interface TenantDesk extends MachineDesk {
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

/** All that is kept of a namespace; nothing where nobody said anything of it. */
export function tenantOf(desk: MachineDesk, namespace: string, context: CallContext): Promise<TenantView> {
  const question = { query: contents, body: undefined };
  return orIfAbsent<TenantView>(ask(desk, tenantKey(namespace), question, context), newTenant());
}

/** A command to the tenant of a namespace, that of the call unless another one is named. What it changes is in the next bundle. */
export async function tellTenant<Body, Reply>(
  desk: TenantDesk,
  told: Told<Body, Reply>,
  context: CallContext,
  namespace = context.namespace,
): Promise<Reply> {
  const reply = await tell(desk, tenantKey(namespace), told, context);
  desk.bundles.changed(namespace);
  return reply;
}

/** The revision that a caller saw; 0 where it saw none. */
export function revisionOf(text: string | undefined): number {
  return text === undefined || text === "" ? 0 : Number(text);
}
