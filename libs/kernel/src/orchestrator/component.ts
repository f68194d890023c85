import type { Logger } from "../ports/logger.ts";
import type { Health } from "./health/health.ts";
import type { HealthReporter } from "./health/health-monitor.ts";
import type { StepScope } from "./steps/step.ts";

/**
 * A part of an orchestrator: a store, a listener, a loop, another orchestrator. All members are optional. The signals
 * are aborted at a timeout or a cancellation. A component that observes them never hangs.
 */
export interface Component {
  readonly version?: string;
  /** Starts the component. If it throws, it must have released its resources: `stop` is not called then. */
  start?(context: ComponentContext): void | Promise<void>;
  /** Refuses new work and finishes running work. Called before anything is stopped. */
  drain?(signal: AbortSignal): void | Promise<void>;
  /** Releases all resources. Called only if `start` succeeded. */
  stop?(signal: AbortSignal): void | Promise<void>;
  /** Returns its health. Called regularly while it runs. Throwing means unhealthy. */
  health?(): Health | Promise<Health>;
}

export type ComponentMap = Record<string, Component>;

/** Context of a component's start. */
export interface ComponentContext {
  readonly name: string;
  /** Aborted if the start has exceeded its timeout or was cancelled. */
  readonly signal: AbortSignal;
  /** Its lines name the orchestrator and the component. */
  readonly logger: Logger;
  /** Reports changes in health at the moment they happen. */
  readonly health: HealthReporter;
  /**
   * Reports that the component can never continue. If it is critical, the orchestrator stops gracefully and fails with
   * this reason, unless `whenFailed` is `stay`. Otherwise the component is unhealthy from now on.
   */
  readonly fail: (error: unknown) => void;
}

export interface ComponentOptions<Name extends string = string> {
  /** Components, or steps of the start-up, that must start before. They may be registered later. */
  readonly dependsOn?: readonly Name[];
  /** Whether the orchestrator cannot serve without it, at its start and later. Default: true. */
  readonly critical?: boolean;
  /**
   * Reaction of the orchestrator if a critical component fails to start or cannot continue. `stop`: it stops and fails.
   * `stay`: it stays, not ready, with its other components. Default: `stop`.
   */
  readonly whenFailed?: "stop" | "stay";
  /** Owner of the component. Default: `service`. */
  readonly scope?: StepScope;
  readonly startTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly healthTimeoutMs?: number;
}

/** Timeouts in milliseconds. Infinity means no limit. */
export interface Timeouts {
  /** For the start of each component and step of the start-up. Default: 30,000. */
  readonly startTimeoutMs: number;
  /** For the drain of each component. Default: 15,000. */
  readonly drainTimeoutMs: number;
  /** For the stop of each component. Default: 5,000. */
  readonly stopTimeoutMs: number;
  /** For the answer of each health check. Default: 2,000. */
  readonly healthTimeoutMs: number;
}

export function resolveTimeouts(settings: Partial<Timeouts>): Timeouts {
  return {
    startTimeoutMs: settings.startTimeoutMs ?? 30_000,
    drainTimeoutMs: settings.drainTimeoutMs ?? 15_000,
    stopTimeoutMs: settings.stopTimeoutMs ?? 5_000,
    healthTimeoutMs: settings.healthTimeoutMs ?? 2_000,
  };
}

/** A nested orchestrator is bounded by its components. A separate limit must be requested. */
export const unlimitedTimeouts: Timeouts = {
  startTimeoutMs: Number.POSITIVE_INFINITY,
  drainTimeoutMs: Number.POSITIVE_INFINITY,
  stopTimeoutMs: Number.POSITIVE_INFINITY,
  healthTimeoutMs: Number.POSITIVE_INFINITY,
};

export interface ResolvedComponentOptions extends Timeouts {
  readonly dependsOn: readonly string[];
  readonly critical: boolean;
  /** Whether its failure to start or continue ends the orchestrator. */
  readonly stopsOrchestrator: boolean;
  readonly scope: StepScope;
}

export function resolveComponentOptions(
  { dependsOn = [], critical = true, whenFailed = "stop", scope = "service", ...timeouts }: ComponentOptions,
  inherited: Timeouts,
): ResolvedComponentOptions {
  const stopsOrchestrator = critical && whenFailed === "stop";
  return { dependsOn: [...dependsOn], critical, stopsOrchestrator, scope, ...inherited, ...timeouts };
}
