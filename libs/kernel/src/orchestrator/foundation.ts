import type { Configuration } from "../configuration/configuration.ts";
import { type Chance, systemChance } from "../ports/chance.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { lineLogger } from "../ports/line-logger.ts";
import type { Logger } from "../ports/logger.ts";
import { type Metrics, silentMetrics } from "../ports/metrics.ts";
import { plainTracer } from "../ports/plain-tracer.ts";
import { systemTimers, type Timers } from "../ports/timers.ts";
import type { Tracer } from "../ports/tracer.ts";

/** The ports through which an orchestrator and its components access the environment. */
export interface Foundation {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Absent if everything is set in code. */
  readonly configuration?: Configuration;
}

/**
 * Returns a foundation with real implementations, except for the given ones: system clock, timers and random, a logger
 * that writes JSON lines to standard error, a tracer that creates ids and exports nothing, and no metrics.
 */
export function systemFoundation(ports: Partial<Foundation> = {}): Foundation {
  const clock = ports.clock ?? systemClock;
  const chance = ports.chance ?? systemChance;
  return {
    clock,
    timers: systemTimers,
    chance,
    logger: lineLogger({ clock }),
    metrics: silentMetrics,
    tracer: plainTracer(chance),
    ...ports,
  };
}
