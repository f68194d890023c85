import { type Foundation, silentLogger, systemFoundation } from "@tutti/kernel";

/** The part of an orchestrator's foundation that a connection, and components on it, need. */
export type NatsPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** Returns the given ports, and the system's own for the others, with silent logs and metrics. */
export function natsPorts(overrides: Partial<NatsPorts> = {}): NatsPorts {
  return systemFoundation({ logger: silentLogger, ...overrides });
}
