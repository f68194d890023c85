import { type Health, HealthState } from "@tutti/contracts/registry/v1";
import { type Component, Orchestrator } from "@tutti/kernel";

/** Returns the health of a service in the registry's words. A contract without its own service is ready. */
export function instanceHealthOf(service: Component | undefined): Health {
  if (!(service instanceof Orchestrator)) return { state: HealthState.HEALTH_STATE_READY, reason: "" };
  const { state, health } = service.status();
  if (state === "draining" || state === "stopped")
    return { state: HealthState.HEALTH_STATE_DRAINING, reason: "" };
  if (!service.isReady) return { state: HealthState.HEALTH_STATE_NOT_READY, reason: health.reason };
  if (health.level === "degraded") return { state: HealthState.HEALTH_STATE_DEGRADED, reason: health.reason };
  return { state: HealthState.HEALTH_STATE_READY, reason: "" };
}
