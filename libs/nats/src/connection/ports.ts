import {
  type Foundation,
  silentLogger,
  silentMetrics,
  systemChance,
  systemClock,
  systemTimers,
} from "@tutti/kernel";

/** What of an orchestrator's foundation a connection, and all that is built on it, needs. */
export type NatsPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** The system's own ports, silent, but for those given. */
export function natsPorts(given: Partial<NatsPorts> = {}): NatsPorts {
  return {
    clock: given.clock ?? systemClock,
    timers: given.timers ?? systemTimers,
    chance: given.chance ?? systemChance,
    logger: given.logger ?? silentLogger,
    metrics: given.metrics ?? silentMetrics,
  };
}
