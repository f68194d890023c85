/**
 * The components of one orchestrator: adds them to its start-up, remembers the actual order of their starts, drains and
 * stops them in reverse, and collects their status and health.
 */
import { errorFromUnknown } from "../errors/from-unknown.ts";
import type { TuttiError } from "../errors/tutti-error.ts";
import type { Logger } from "../ports/logger.ts";
import {
  type Component,
  type ComponentOptions,
  resolveComponentOptions,
  type Timeouts,
  unlimitedTimeouts,
} from "./component.ts";
import { type ComponentPhase, ComponentRecord } from "./component-record.ts";
import { withDeadline } from "./deadline.ts";
import { lifecycleErrors } from "./errors.ts";
import type { Emits, Listener, Unsubscribe } from "./events.ts";
import type { Foundation } from "./foundation.ts";
import type { Health, HealthPart, ReadinessProblem } from "./health/health.ts";
import type { OrchestratorInstruments } from "./instruments.ts";
import type { OrchestratorEvents } from "./orchestrator-events.ts";
import type { ComponentStatus, OrchestratorStatus } from "./status.ts";
import type { RunStep, Step } from "./steps/step.ts";
import type { StepRegistry } from "./steps/step-registry.ts";

/** Input of a step of the start-up. */
export interface StartUp {
  /** Aborted if the step has exceeded its timeout or the start was cancelled. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export type StartUpStep = Step<StartUp, Promise<void>>;

/** The part of an orchestrator that its parent needs if it is a component. */
export interface NestedOrchestrator extends Component {
  status(): OrchestratorStatus;
  /** Returns the known reasons why it does not serve, each named by its place below `path`. */
  readinessProblems(path: string): readonly ReadinessProblem[];
  on<Name extends keyof OrchestratorEvents>(
    event: Name,
    listener: Listener<OrchestratorEvents[Name]>,
  ): Unsubscribe;
}

export interface ComponentSetParts {
  readonly orchestrator: string;
  readonly foundation: Foundation;
  readonly logger: Logger;
  readonly startUp: StepRegistry<StartUp, Promise<void>>;
  readonly timeouts: Timeouts;
  readonly healthCacheMs: number;
  readonly instruments: OrchestratorInstruments;
  readonly events: Emits<OrchestratorEvents>;
  /** The health of a component changed. */
  readonly healthChanged: () => void;
  /** A critical component, already started or just starting, cannot continue, so the whole must end. */
  readonly criticalFailed: (component: string, error: TuttiError) => void;
}

type AbstractClass<T> = abstract new (...parameters: never[]) => T;

export class ComponentSet {
  readonly #parts: ComponentSetParts;
  readonly #records = new Map<string, ComponentRecord>();
  readonly #nested = new Map<string, NestedOrchestrator>();
  /** In the order in which they started. */
  readonly #started: ComponentRecord[] = [];

  constructor(parts: ComponentSetParts) {
    this.#parts = parts;
  }

  get names(): string[] {
    return [...this.#records.keys()];
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  /** Adds a component, and the step that starts it. */
  add(
    name: string,
    component: Component,
    options: ComponentOptions,
    nested: NestedOrchestrator | undefined,
  ): void {
    const { orchestrator, foundation, healthCacheMs, startUp, timeouts } = this.#parts;
    if (this.has(name)) throw lifecycleErrors.componentTwice({ orchestrator, component: name });
    const resolved = resolveComponentOptions(options, nested === undefined ? timeouts : unlimitedTimeouts);
    const record: ComponentRecord = new ComponentRecord({
      name,
      component,
      options: resolved,
      healthCacheMs,
      reportsHealth: nested !== undefined,
      foundation,
      logger: this.#parts.logger.child({ component: name }),
      healthChanged: (from, to) => this.#healthChanged(name, from, to),
      failed: (error) => this.#handleFailure(record, error),
    });
    startUp.register({
      name,
      scope: resolved.scope,
      dependsOn: resolved.dependsOn,
      run: ({ signal }) => component.start?.(record.contextWith(signal)),
    });
    this.#records.set(name, record);
    if (nested !== undefined) this.#watch(record, nested);
  }

  /** Returns the only component of a class. */
  ofClass<C extends Component>(type: AbstractClass<C>): C {
    const { orchestrator } = this.#parts;
    const found: C[] = [];
    const names: string[] = [];
    for (const { name, component } of this.#records.values()) {
      if (!(component instanceof type)) continue;
      found.push(component);
      names.push(name);
    }
    const [only] = found;
    if (only === undefined) {
      throw lifecycleErrors.componentUnknown({ orchestrator, component: type.name, known: this.names });
    }
    if (found.length > 1) {
      throw lifecycleErrors.componentAmbiguous({ orchestrator, type: type.name, found: names });
    }
    return only;
  }

  /** Returns a step of the start-up with its timeout. A step that starts a component updates its record. */
  guard(step: StartUpStep): StartUpStep {
    // A step that wraps the rest of the start-up has no timeout.
    if (step.around !== undefined) return step;
    const { name, scope } = step;
    const record = this.#records.get(name);
    return {
      name,
      scope,
      run: (startUp) => {
        startUp.signal.throwIfAborted();
        return record === undefined
          ? this.#runStep(step, startUp)
          : this.#startComponent(record, step, startUp);
      },
    };
  }

  /** Drains the started components, the last first. Returns the failures, in order. */
  drain(signal: AbortSignal): Promise<TuttiError[]> {
    return this.#inReverse("drain", (record) => record.drain(signal));
  }

  /** Stops the started components, the last first. Returns the failures, in order. */
  stop(signal: AbortSignal): Promise<TuttiError[]> {
    return this.#inReverse("stop", async (record) => {
      const problem = await record.stop(signal);
      if (problem === undefined) this.#parts.events.emit("componentStopped", { component: record.name });
      return problem;
    });
  }

  /** Runs all health checks concurrently. Never rejects. */
  async refreshHealth(): Promise<void> {
    await Promise.all([...this.#records.values()].map((record) => record.refreshHealth()));
  }

  healthParts(): HealthPart[] {
    return [...this.#records.values()].map(({ name, health, options: { critical } }) => ({
      name,
      critical,
      health,
    }));
  }

  /** Returns the reasons why the whole does not serve, each named by its place below `path`. */
  readinessProblems(path: string): ReadinessProblem[] {
    return this.#problems(path, [...this.#records.values()]);
  }

  /** Returns the same only for started components. */
  startedProblems(path: string): ReadinessProblem[] {
    return this.#problems(
      path,
      [...this.#records.values()].filter(({ serving }) => serving),
    );
  }

  #problems(path: string, records: readonly ComponentRecord[]): ReadinessProblem[] {
    return records.flatMap(({ name, health, serving, options: { critical } }) => {
      if (!critical || health.level !== "unhealthy") return [];
      const component = `${path}.${name}`;
      // The problems of a nested one that has stopped serving are not the reason.
      const inner = (serving && this.#nested.get(name)?.readinessProblems(component)) || [];
      return inner.length > 0 ? inner : [{ component, reason: health.reason }];
    });
  }

  /** The component that is being started. */
  get starting(): string | undefined {
    return [...this.#records.values()].find(({ life }) => life.state === "starting")?.name;
  }

  status(): ComponentStatus[] {
    return [...this.#records.values()].map((record) => ({
      name: record.name,
      scope: record.options.scope,
      version: record.component.version ?? null,
      state: record.life.state,
      critical: record.options.critical,
      dependsOn: record.options.dependsOn,
      startDurationMs: "startDurationMs" in record.life ? record.life.startDurationMs : null,
      health: record.health,
      condition: record.condition,
      orchestrator: this.#nested.get(record.name)?.status() ?? null,
    }));
  }

  #watch(record: ComponentRecord, nested: NestedOrchestrator): void {
    this.#nested.set(record.name, nested);
    nested.on("healthChanged", ({ to }) => record.monitor.observe(to));
    nested.on("stateChanged", ({ to }) => {
      if (to.state === "failed" && record.serving) this.#handleFailure(record, to.reason);
    });
  }

  async #runStep(step: RunStep<StartUp>, startUp: StartUp): Promise<void> {
    const { foundation, logger, timeouts } = this.#parts;
    const { startTimeoutMs, stopTimeoutMs } = timeouts;
    await withDeadline((signal) => step.run({ ...startUp, signal }), {
      timers: foundation.timers,
      timeoutMs: startTimeoutMs,
      timedOut: () =>
        lifecycleErrors.stepTimedOut({
          operation: `the step \`${step.name}\``,
          setting: "startTimeoutMs",
          timeoutMs: startTimeoutMs,
        }),
      signal: startUp.signal,
      graceMs: stopTimeoutMs,
      late: ({ status }) =>
        logger.warn("step ended after it timed out", { step: step.name, outcome: status }),
    });
  }

  async #startComponent(record: ComponentRecord, step: RunStep<StartUp>, startUp: StartUp): Promise<void> {
    const { name } = record;
    const { dependsOn, stopsOrchestrator, stopTimeoutMs } = record.options;
    const broken = dependsOn.find((dependency) => this.#records.get(dependency)?.life.state === "failed");
    const run = (signal: AbortSignal): void | Promise<void> => {
      if (broken !== undefined)
        throw lifecycleErrors.dependencyFailed({ component: name, dependency: broken });
      return step.run({ ...startUp, signal });
    };
    try {
      await record.start(run, { signal: startUp.signal, graceMs: stopTimeoutMs });
    } catch (thrown) {
      this.#emitFailed(name, "start", errorFromUnknown(thrown));
      if (stopsOrchestrator || startUp.signal.aborted) throw thrown;
      this.#parts.logger.warn("component failed to start, continuing without it", {
        component: name,
        error: thrown,
      });
      return;
    }
    this.#started.push(record);
    const durationMs = record.life.state === "started" ? record.life.startDurationMs : 0;
    this.#parts.logger.debug("component started", { component: name, durationMs });
    this.#parts.events.emit("componentStarted", { component: name, durationMs });
  }

  async #inReverse(
    phase: "drain" | "stop",
    act: (record: ComponentRecord) => Promise<TuttiError | undefined>,
  ): Promise<TuttiError[]> {
    const problems: TuttiError[] = [];
    for (const record of this.#started.toReversed()) {
      const problem = await act(record);
      if (problem === undefined) continue;
      problems.push(problem);
      this.#emitFailed(record.name, phase, problem);
    }
    return problems;
  }

  #handleFailure(record: ComponentRecord, thrown: unknown): void {
    const { name, options, life } = record;
    const error = errorFromUnknown(thrown);
    this.#parts.logger.error("component failed", { component: name, error });
    // During or after its stop this has no effect.
    if (life.state !== "starting" && !record.serving) return;
    this.#emitFailed(name, "run", error);
    record.reportFailure(error);
    if (options.stopsOrchestrator) this.#parts.criticalFailed(name, error);
  }

  #healthChanged(component: string, from: Health, to: Health): void {
    const { instruments, logger, events, healthChanged } = this.#parts;
    instruments.componentHealth(component, to);
    const fields = { component, health: to.level, reason: to.reason };
    if (to.level === "healthy") logger.info("component recovered", fields);
    // Reasons with numbers change with every check.
    else if (to.level === from.level) logger.debug("component still unhealthy", fields);
    else logger.warn("component unhealthy", fields);
    events.emit("componentHealthChanged", { component, from, to });
    healthChanged();
  }

  #emitFailed(component: string, phase: ComponentPhase, error: TuttiError): void {
    this.#parts.events.emit("componentFailed", { component, phase, error });
  }
}
