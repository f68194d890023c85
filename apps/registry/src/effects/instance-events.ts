/**
 * Events of instances on the bus. The registry that made a change publishes it. Nothing waits for that.
 */

import { contractEvent, type EventInput } from "@tutti/bus";
import { registryEvents as events } from "@tutti/contracts/events/v1/registry";
import { type Instance, RemovalCause } from "@tutti/contracts/registry/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { healthOf } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import { healthName } from "../directory/conditions.ts";
import type { Step } from "../directory/entry.ts";

/** A change that this registry made: the step, and the instance before and after it. */
export interface InstanceChange {
  readonly step: Step;
  readonly instance: Instance;
  readonly before: Instance | undefined;
  readonly nowMs: number;
}

/** Returns the event of a change. Undefined if no watched field changed. */
export function instanceEvent({ step, instance, before, nowMs }: InstanceChange): EventInput | undefined {
  const { id, service, address, version } = instance;
  const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "removed" in step ? "registry" : service };
  const header = {
    namespace: "",
    resource: id,
    sequence: step.revision,
    time: toTimestamp(nowMs),
    cause: { actor, traceparent: "", decision: "", reason: "" },
  };
  const source = "/tutti/registry";
  if ("removed" in step) {
    const { cause, reason } = step.removed;
    const type =
      cause === RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED
        ? "tutti.registry.instance.expired"
        : "tutti.registry.instance.deregistered";
    return contractEvent(events[type], { header, service, reason }, { source });
  }
  if (before === undefined) {
    const payload = { header, service, address, version };
    return contractEvent(events["tutti.registry.instance.registered"], payload, { source });
  }
  const now = healthName(healthOf(instance));
  const was = healthName(healthOf(before));
  if (now === was) return undefined;
  const payload = { header, service, before: was, now, reason: instance.health?.reason ?? "" };
  return contractEvent(events["tutti.registry.instance.health_changed"], payload, { source });
}
