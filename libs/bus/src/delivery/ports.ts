import { type Foundation, silentLogger, systemFoundation } from "@tutti/kernel";

/** What of an orchestrator's foundation a bus needs. */
export type BusPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** Returns the system's own ports, silent, but for those given. */
export function busPorts(given: Partial<BusPorts> = {}): BusPorts {
  return systemFoundation({ logger: silentLogger, ...given });
}
