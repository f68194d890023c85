import {
  type Foundation,
  silentLogger,
  silentMetrics,
  systemChance,
  systemClock,
  systemTimers,
} from "@tutti/kernel";

/** What of an orchestrator's foundation a bus needs. */
export type BusPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** The system's own ports, silent, but for those given. */
export function busPorts(given: Partial<BusPorts> = {}): BusPorts {
  return {
    clock: given.clock ?? systemClock,
    timers: given.timers ?? systemTimers,
    chance: given.chance ?? systemChance,
    logger: given.logger ?? silentLogger,
    metrics: given.metrics ?? silentMetrics,
  };
}
