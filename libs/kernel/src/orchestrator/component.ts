import type { Logger } from "../ports/logger.ts";
import type { Health } from "./health/health.ts";
import type { HealthReporter } from "./health/health-monitor.ts";
import type { StepScope } from "./steps/step.ts";

/**
 * A part of an orchestrator: a store, a listener, a loop, another orchestrator. It has what it needs of these. The
 * signals are aborted when the time is up or the result no longer wanted. A component that heeds them never hangs.
 */
export interface Component {
  readonly version?: string;
  /** Gets ready to serve. If it throws, it has to have put away what it had taken: `stop` is not called then. */
  start?(context: ComponentContext): void | Promise<void>;
  /** Refuses what is new and finishes running work. Called before anything is stopped. */
  drain?(signal: AbortSignal): void | Promise<void>;
  /** Puts everything away. Called only if `start` succeeded. */
  stop?(signal: AbortSignal): void | Promise<void>;
  /** How well it works. Asked now and then while it runs. Throwing means unhealthy. */
  health?(): Health | Promise<Health>;
}

export type ComponentMap = Record<string, Component>;

/** What a component is given at its start. */
export interface ComponentContext {
  readonly name: string;
  /** Aborted when the start has taken too long or is no longer wanted. */
  readonly signal: AbortSignal;
  /** Writes the names of the orchestrator and of the component in each line. */
  readonly logger: Logger;
  /** To tell of changes in health the moment they happen. */
  readonly health: HealthReporter;
  /**
   * Tells that the component cannot continue, ever. If it is critical, the orchestrator stops gracefully and has failed
   * for this reason, except when it is meant to stay. Otherwise the component is unhealthy from now on.
   */
  readonly fail: (error: unknown) => void;
}

export interface ComponentOptions<Name extends string = string> {
  /** Components, or steps of the start-up, that have to be started before. They may be registered later. */
  readonly dependsOn?: readonly Name[];
  /** Whether the whole cannot serve without it, at its start and later. Default true. */
  readonly critical?: boolean;
  /**
   * What becomes of the whole when a critical component fails to start, or cannot continue: it stops and has failed, or
   * it stays, not ready, and the other components with it. Default `stop`.
   */
  readonly whenFailed?: "stop" | "stay";
  /** Whose part it is. Default `service`. */
  readonly scope?: StepScope;
  readonly startTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly healthTimeoutMs?: number;
}

/** How long things may take, in milliseconds. Infinity leaves them unlimited. */
export interface Timeouts {
  /** For the start of each component and step of the start-up. Default 30,000. */
  readonly startTimeoutMs: number;
  /** For the drain of each component. Default 15,000. */
  readonly drainTimeoutMs: number;
  /** For the stop of each component. Default 5,000. */
  readonly stopTimeoutMs: number;
  /** For the answer of each health check. Default 2,000. */
  readonly healthTimeoutMs: number;
}

export function resolveTimeouts(given: Partial<Timeouts>): Timeouts {
  return {
    startTimeoutMs: given.startTimeoutMs ?? 30_000,
    drainTimeoutMs: given.drainTimeoutMs ?? 15_000,
    stopTimeoutMs: given.stopTimeoutMs ?? 5_000,
    healthTimeoutMs: given.healthTimeoutMs ?? 2_000,
  };
}

/** An orchestrator within another is bounded by its own components. A limit of its own has to be asked for. */
export const unlimitedTimeouts: Timeouts = {
  startTimeoutMs: Number.POSITIVE_INFINITY,
  drainTimeoutMs: Number.POSITIVE_INFINITY,
  stopTimeoutMs: Number.POSITIVE_INFINITY,
  healthTimeoutMs: Number.POSITIVE_INFINITY,
};

export interface ResolvedComponentOptions extends Timeouts {
  readonly dependsOn: readonly string[];
  readonly critical: boolean;
  /** Its failure to start, or to continue, ends the whole. */
  readonly endsTheWhole: boolean;
  readonly scope: StepScope;
}

export function resolveComponentOptions(
  { dependsOn = [], critical = true, whenFailed = "stop", scope = "service", ...timeouts }: ComponentOptions,
  inherited: Timeouts,
): ResolvedComponentOptions {
  const endsTheWhole = critical && whenFailed === "stop";
  return { dependsOn: [...dependsOn], critical, endsTheWhole, scope, ...inherited, ...timeouts };
}
