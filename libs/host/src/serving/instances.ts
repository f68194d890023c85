/** Registered instances, as the registry lists them. */
import {
  FindInstancesRequest,
  HealthState,
  type Instance,
  type registryService,
} from "@tutti/contracts/registry/v1";
import type { CallOptions, Client } from "@tutti/mesh";
import { ofAllPages } from "./all-pages.ts";

export function allInstances(
  registry: Pick<Client<typeof registryService>, "findInstances">,
  options?: CallOptions,
): Promise<Instance[]> {
  return ofAllPages(
    (page) => registry.findInstances(FindInstancesRequest.fromPartial({ page }), options),
    ({ instances }) => instances,
  );
}

/** Returns the reported health. An instance without a report counts as ready. */
export function healthOf({ health }: Instance): HealthState {
  const state = health?.state ?? HealthState.HEALTH_STATE_UNSPECIFIED;
  return state === HealthState.HEALTH_STATE_UNSPECIFIED ? HealthState.HEALTH_STATE_READY : state;
}

/** Returns whether an instance accepts calls. */
export function acceptsCalls(instance: Instance): boolean {
  const health = healthOf(instance);
  if (instance.openBreaker !== "") return false;
  return health === HealthState.HEALTH_STATE_READY || health === HealthState.HEALTH_STATE_DEGRADED;
}
