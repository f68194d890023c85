import { type Foundation, silentLogger, systemFoundation } from "@tutti/kernel";

/** What of an orchestrator's foundation a connection, and all that is built on it, needs. */
export type NatsPorts = Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;

/** Returns the system's own ports, silent, but for those given. */
export function natsPorts(given: Partial<NatsPorts> = {}): NatsPorts {
  return systemFoundation({ logger: silentLogger, ...given });
}
