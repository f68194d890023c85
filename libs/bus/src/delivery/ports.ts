import { type Foundation, silentLogger, systemFoundation } from "@tutti/kernel";

/** The part of an orchestrator's foundation that a bus needs. */
export type BusPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** Returns the given ports, and the system's own for the others, with silent logs and metrics. */
export function busPorts(overrides: Partial<BusPorts> = {}): BusPorts {
  return systemFoundation({ logger: silentLogger, ...overrides });
}
