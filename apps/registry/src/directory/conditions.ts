import { HealthState, type Instance, type Load } from "@tutti/contracts/registry/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";

/** Whether labels satisfy a selector; an absent selector is satisfied by all. */
export function labelsMatch(
  labels: Readonly<Record<string, string>>,
  selector: LabelSelector | undefined,
): boolean {
  if (selector === undefined) return true;
  return (
    Object.entries(selector.equals).every(([key, value]) => labels[key] === value) &&
    selector.exists.every((key) => Object.hasOwn(labels, key)) &&
    selector.absent.every((key) => !Object.hasOwn(labels, key))
  );
}

/** Health as it was said; an instance that says nothing counts as ready. */
export function healthOf({ health }: Instance): HealthState {
  const state = health?.state ?? HealthState.HEALTH_STATE_UNSPECIFIED;
  return state === HealthState.HEALTH_STATE_UNSPECIFIED ? HealthState.HEALTH_STATE_READY : state;
}

/** Whether an instance takes calls. */
export function takesCalls(instance: Instance): boolean {
  const health = healthOf(instance);
  return health === HealthState.HEALTH_STATE_READY || health === HealthState.HEALTH_STATE_DEGRADED;
}

/** How busy an instance is: as one number to sort by, where a fuller one always comes after. */
export function busyness(load: Load | undefined): number {
  return load === undefined ? 0 : load.utilization * 1e6 + load.queued + load.inFlight;
}

const healthWords: Readonly<Record<HealthState, string>> = {
  [HealthState.HEALTH_STATE_UNSPECIFIED]: "ready",
  [HealthState.HEALTH_STATE_READY]: "ready",
  [HealthState.HEALTH_STATE_DEGRADED]: "degraded",
  [HealthState.HEALTH_STATE_NOT_READY]: "not_ready",
  [HealthState.HEALTH_STATE_DRAINING]: "draining",
  [HealthState.UNRECOGNIZED]: "unknown",
};

/** Health as people and bus events say it. */
export function healthWord(health: HealthState): string {
  return healthWords[health];
}
