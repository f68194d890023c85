/**
 * One component while it runs: its state, its health, and its start, drain and stop within their timeouts.
 *
 * 1. `stop` is called if and only if the start succeeded, once.
 * 2. A start that succeeds after its timeout is undone by a stop, so that nothing keeps running unnoticed.
 */
import type { TuttiError } from "../errors/tutti-error.ts";
import type { Logger } from "../ports/logger.ts";
import type { Component, ComponentContext, ResolvedComponentOptions } from "./component.ts";
import { type ConditionStatus, ConditionTracker } from "./condition.ts";
import { withDeadline } from "./deadline.ts";
import { lifecycleErrors } from "./errors.ts";
import type { Foundation } from "./foundation.ts";
import { type Health, unhealthy } from "./health/health.ts";
import { HealthMonitor } from "./health/health-monitor.ts";
import { named, problemOf } from "./steps/pipeline.ts";

export type ComponentLife =
  | { readonly state: "registered" }
  | { readonly state: "starting" }
  | { readonly state: "started"; readonly startDurationMs: number }
  | { readonly state: "draining"; readonly startDurationMs: number }
  | { readonly state: "stopping"; readonly startDurationMs: number }
  | { readonly state: "stopped"; readonly startDurationMs: number }
  | { readonly state: "failed"; readonly phase: ComponentPhase; readonly reason: unknown };

/** The phase in which a component failed. */
export type ComponentPhase = "start" | "run" | "drain" | "stop";

export interface ComponentRecordParts {
  readonly name: string;
  readonly component: Component;
  readonly options: ResolvedComponentOptions;
  readonly healthCacheMs: number;
  /** True for an orchestrator, which reports its own health. A health check would give the same answer. */
  readonly reportsHealth: boolean;
  readonly foundation: Foundation;
  /** Its lines name the component. */
  readonly logger: Logger;
  readonly healthChanged: (from: Health, to: Health) => void;
  /** The component reported that it cannot continue. */
  readonly failed: (error: unknown) => void;
}

export class ComponentRecord {
  readonly name: string;
  readonly component: Component;
  readonly options: ResolvedComponentOptions;
  readonly monitor: HealthMonitor;
  readonly #parts: ComponentRecordParts;
  #life: ComponentLife = { state: "registered" };
  readonly #condition: ConditionTracker;
  /** Whether a stop is required: the start succeeded and no stop was tried. */
  #running = false;
  /** The error with which it reported, during its start, that it cannot continue. */
  #startFailure: { readonly error: unknown } | undefined;

  constructor(parts: ComponentRecordParts) {
    const { name, component, options, foundation, healthCacheMs } = parts;
    this.name = name;
    this.component = component;
    this.options = options;
    this.#parts = parts;
    this.#condition = new ConditionTracker(foundation.clock);
    this.monitor = new HealthMonitor({
      clock: foundation.clock,
      timers: foundation.timers,
      timeoutMs: options.healthTimeoutMs,
      cacheMs: parts.reportsHealth ? 0 : healthCacheMs,
      check: component.health === undefined ? undefined : () => this.#check(),
      changed: (from, to) => {
        this.#condition.observe(this.#life.state, this.health);
        // A requested drain is not a change of health.
        if (this.#life.state === "started") parts.healthChanged(from, to);
      },
    });
  }

  get life(): ComponentLife {
    return this.#life;
  }

  get condition(): ConditionStatus {
    return this.#condition.status();
  }

  /** Whether the component is between its start and its stop. */
  get serving(): boolean {
    return this.#life.state === "started" || this.#life.state === "draining";
  }

  get running(): boolean {
    return this.#running;
  }

  get health(): Health {
    if (this.serving) return this.monitor.current;
    const life = this.#life;
    return unhealthy(
      life.state === "failed" ? `its ${life.phase} failed: ${problemOf(life.reason)}` : `it is ${life.state}`,
    );
  }

  /** Returns the context for the component's start. */
  contextWith(signal: AbortSignal): ComponentContext {
    const { name, logger, failed } = this.#parts;
    return { name, signal, logger, health: this.monitor.reporter, fail: failed };
  }

  /** Updates its health. Never rejects. */
  refreshHealth(): Promise<void> {
    return this.serving ? this.monitor.refresh() : Promise.resolve();
  }

  /** @param run starts the component. A step of the start-up may have replaced its own */
  async start(
    run: (signal: AbortSignal) => void | Promise<void>,
    { signal, graceMs }: { readonly signal: AbortSignal; readonly graceMs: number },
  ): Promise<void> {
    const { clock, timers } = this.#parts.foundation;
    const { startTimeoutMs } = this.options;
    const startedMs = clock.monotonic();
    this.#enter({ state: "starting" });
    try {
      await withDeadline(run, {
        timers,
        timeoutMs: startTimeoutMs,
        timedOut: () => this.#timedOut("start", startTimeoutMs),
        signal,
        graceMs,
        late: (outcome) => this.#startedLate(outcome),
      });
    } catch (error) {
      this.#enter({ state: "failed", phase: "start", reason: error });
      throw error;
    }
    this.#running = true;
    this.#enter({ state: "started", startDurationMs: clock.monotonic() - startedMs });
    if (this.#startFailure !== undefined) this.reportFailure(this.#startFailure.error);
  }

  /** Returns the failure instead of rejecting: draining the others continues. */
  async drain(signal: AbortSignal): Promise<TuttiError | undefined> {
    const life = this.#life;
    if (life.state !== "started") return undefined;
    const { component } = this;
    const { drainTimeoutMs } = this.options;
    this.#enter({ ...life, state: "draining" });
    return this.#attempt("drain", drainTimeoutMs, signal, (own) => component.drain?.(own));
  }

  /** Returns the failure instead of rejecting: stopping the others continues. */
  async stop(signal: AbortSignal): Promise<TuttiError | undefined> {
    if (!this.#running) return undefined;
    this.#running = false;
    const life = this.#life;
    const startDurationMs = "startDurationMs" in life ? life.startDurationMs : 0;
    const { component } = this;
    this.#enter({ state: "stopping", startDurationMs });
    const problem = await this.#attempt("stop", this.options.stopTimeoutMs, signal, (own) =>
      component.stop?.(own),
    );
    this.#enter(
      problem === undefined
        ? { state: "stopped", startDurationMs }
        : { state: "failed", phase: "stop", reason: problem },
    );
    return problem;
  }

  /** The component cannot continue. A stop is still required. While it starts, its start decides. */
  reportFailure(error: unknown): void {
    if (this.#life.state === "starting") {
      this.#startFailure = { error };
      return;
    }
    const from = this.health;
    this.#enter({ state: "failed", phase: "run", reason: error });
    this.#parts.healthChanged(from, this.health);
  }

  #enter(life: ComponentLife): void {
    this.#life = life;
    this.#condition.observe(life.state, this.health);
  }

  #check(): Health | Promise<Health> {
    const answer = this.component.health?.();
    return answer instanceof Promise ? answer.then(ownHealth) : ownHealth(answer);
  }

  async #attempt(
    phase: "drain" | "stop",
    timeoutMs: number,
    signal: AbortSignal,
    operation: (signal: AbortSignal) => void | Promise<void>,
  ): Promise<TuttiError | undefined> {
    const { foundation, logger, name } = this.#parts;
    try {
      await withDeadline(operation, {
        timers: foundation.timers,
        timeoutMs,
        timedOut: () => this.#timedOut(phase, timeoutMs),
        signal,
        late: (outcome) => logger.warn(`component ended its ${phase} late`, { outcome: outcome.status }),
      });
      return undefined;
    } catch (error) {
      logger.error(`component failed to ${phase}`, { error });
      return named(phase === "drain" ? "drain" : "shut-down", name, error, "all");
    }
  }

  #timedOut(phase: "start" | "drain" | "stop", timeoutMs: number): TuttiError {
    return lifecycleErrors.stepTimedOut({
      operation: `the ${phase} of \`${this.name}\``,
      setting: `${phase}TimeoutMs`,
      timeoutMs,
    });
  }

  #startedLate(outcome: PromiseSettledResult<void>): void {
    const { logger, foundation } = this.#parts;
    if (outcome.status === "rejected") {
      logger.warn("component failed after its start timed out", { error: outcome.reason });
      return;
    }
    const { component } = this;
    const { stopTimeoutMs } = this.options;
    logger.warn("component started after its start timed out, stopping it");
    withDeadline((own) => component.stop?.(own), {
      timers: foundation.timers,
      timeoutMs: stopTimeoutMs,
      timedOut: () => this.#timedOut("stop", stopTimeoutMs),
    }).catch((error: unknown) => logger.error("component failed to stop", { error }));
  }
}

/** An orchestrator's answer also has its components, which do not belong to its own health. */
function ownHealth(answer: Health | undefined): Health {
  const { level, reason, details } = answer ?? unhealthy("it has no health check");
  return details === undefined ? { level, reason } : { level, reason, details };
}
