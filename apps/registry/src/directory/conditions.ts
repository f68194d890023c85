import { HealthState, type Load } from "@tutti/contracts/registry/v1";

/** Returns the load of an instance as one number to sort by: a fuller instance always comes later. */
export function loadRank(load: Load | undefined): number {
  return load === undefined ? 0 : load.utilization * 1e6 + load.queued + load.inFlight;
}

const healthNames: Readonly<Record<HealthState, string>> = {
  [HealthState.HEALTH_STATE_UNSPECIFIED]: "ready",
  [HealthState.HEALTH_STATE_READY]: "ready",
  [HealthState.HEALTH_STATE_DEGRADED]: "degraded",
  [HealthState.HEALTH_STATE_NOT_READY]: "not_ready",
  [HealthState.HEALTH_STATE_DRAINING]: "draining",
  [HealthState.UNRECOGNIZED]: "unknown",
};

/** Returns the word for a health state, for people and bus events. */
export function healthName(health: HealthState): string {
  return healthNames[health];
}
