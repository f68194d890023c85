import { HealthState, type Load } from "@tutti/contracts/registry/v1";

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
