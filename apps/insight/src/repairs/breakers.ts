/**
 * Breakers as a repair: the registry holds the breaker of an instance open in all processes.
 *
 * 1. Calls that another instance can serve avoid the instance. Calls about work that the instance owns still go there.
 * 2. The breaker of a service's only instance is not opened, because no other instance could take the calls.
 * 3. An instance that has ended needs no breaker, because a restarted process has another id.
 */
import { HealthState, type Instance, type registryService } from "@tutti/contracts/registry/v1";
import { acceptsCalls, allInstances } from "@tutti/host/serving";
import { type CallContext, counted, errorFromUnknown } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";

type Registry = Pick<Client<typeof registryService>, "findInstances" | "setBreaker">;

/** The part of an instance that a suggestion shows. */
export type Unwell = Pick<Instance, "id" | "service" | "address">;

export interface BreakerPlan {
  readonly summary: string;
  readonly count: number;
  readonly instances: readonly string[];
}

interface BreakerRequest {
  /** Id of an instance, or the address of a process for all its instances. */
  readonly subject: string;
  readonly undo: boolean;
}

const { HEALTH_STATE_DEGRADED, HEALTH_STATE_NOT_READY } = HealthState;

export async function planBreaker(
  registry: Registry,
  { subject, undo }: BreakerRequest,
  context: CallContext,
): Promise<BreakerPlan> {
  if (subject === "")
    throw insightErrors.repairUnfit({ what: "an instance as its subject, by id or address" });
  const all = await addressedInstances(registry, context);
  const meant = all.filter(({ id, address }) => id === subject || address === subject);
  if (meant.length === 0) throw insightErrors.repairSubjectMissing({ what: "Instance", name: subject });
  const alone = undo ? undefined : meant.find((instance) => !hasOther(instance, all, meant));
  if (alone !== undefined)
    throw insightErrors.repairUnfit({ what: `another instance of ${alone.service} that takes calls` });
  const changed = meant.filter(({ openBreaker }) => (openBreaker !== "") === undo);
  const names = meant
    .map(({ service }) => service)
    .sort()
    .join(", ");
  const target = `${names} at ${meant[0]?.address ?? subject}`;
  const summary = undo
    ? `Closes the breaker of ${target}. It gets calls again.`
    : `Opens the breaker of ${target}. Calls that ${counted(others(meant, all), "other instance")} can serve keep away.`;
  return { summary, count: changed.length, instances: changed.map(({ id }) => id) };
}

export async function setBreakers(
  registry: Registry,
  { instances, open, reason }: { instances: readonly string[]; open: boolean; reason: string },
  context: CallContext,
): Promise<void> {
  for (const instanceId of instances)
    try {
      await registry.setBreaker({ instanceId, open, reason }, { context });
    } catch (thrown) {
      if (errorFromUnknown(thrown).status !== "NOT_FOUND") throw thrown;
    }
}

export async function unwellInstances(registry: Registry, context: CallContext): Promise<Unwell[]> {
  const all = await addressedInstances(registry, context);
  return all
    .filter(
      (instance) => isUnwell(instance) && instance.openBreaker === "" && hasOther(instance, all, [instance]),
    )
    .slice(0, 5);
}

/** Lists instances with an address. Only their own process calls instances without one. */
async function addressedInstances(registry: Registry, context: CallContext): Promise<Instance[]> {
  const instances = await allInstances(registry, { context });
  return instances.filter(({ address }) => address !== "");
}

function isUnwell({ health }: Instance): boolean {
  return health?.state === HEALTH_STATE_DEGRADED || health?.state === HEALTH_STATE_NOT_READY;
}

function hasOther({ service }: Instance, all: readonly Instance[], without: readonly Instance[]): boolean {
  return all.some(
    (instance) => instance.service === service && acceptsCalls(instance) && !without.includes(instance),
  );
}

function others(meant: readonly Instance[], all: readonly Instance[]): number {
  const services = new Set(meant.map(({ service }) => service));
  return all.filter(
    (instance) => services.has(instance.service) && acceptsCalls(instance) && !meant.includes(instance),
  ).length;
}
