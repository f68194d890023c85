/**
 * The base of every service and of every coordinator that a user writes: its components, the order of their start and
 * stop, its health, and its events.
 *
 * 1. Components start in the order of their registration, but each after what it depends on, one at a time.
 * 2. They drain and stop in exactly the reverse of the order in which they started. Every started component is stopped
 *    once within its timeout, even if others fail.
 * 3. A start that fails, is aborted or runs out of time leaves nothing running.
 * 4. The lifecycle only moves forward. Repeated calls of `start` or `stop` return the same promise.
 * 5. Status and health always have an answer: a component that hangs shows as unhealthy.
 */
import type { z } from "zod";
import type { Scope } from "../configuration/scopes.ts";
import type { Section } from "../configuration/section.ts";
import { assert } from "../errors/assertion.ts";
import { errorFromUnknown } from "../errors/from-unknown.ts";
import type { TuttiError } from "../errors/tutti-error.ts";
import type { Logger } from "../ports/logger.ts";
import type { Timer } from "../ports/timers.ts";
import {
  type Component,
  type ComponentMap,
  type ComponentOptions,
  resolveTimeouts,
  type Timeouts,
} from "./component.ts";
import { ComponentSet, type StartUp } from "./component-set.ts";
import { ConditionTracker } from "./condition.ts";
import { lifecycleErrors } from "./errors.ts";
import { type Emits, Emitter, type Listener, type Unsubscribe } from "./events.ts";
import type { Foundation } from "./foundation.ts";
import {
  aggregateHealth,
  type Health,
  type HealthReport,
  type Readiness,
  type ReadinessProblem,
  sameHealth,
  unhealthy,
} from "./health/health.ts";
import { OrchestratorInstruments } from "./instruments.ts";
import { type Lifecycle, type LifecycleState, mayFollow } from "./lifecycle.ts";
import type { NoEvents, OrchestratorEvents } from "./orchestrator-events.ts";
import {
  type ExecuteOptions,
  type ExecuteWithDefault,
  type ExecutionPorts,
  executeSafely,
  type Operation,
} from "./safe-execute.ts";
import type { OrchestratorStatus } from "./status.ts";
import { composeObserved, type Naming } from "./steps/pipeline.ts";
import type { Next } from "./steps/step.ts";
import { StepRegistry } from "./steps/step-registry.ts";

export interface OrchestratorOptions extends Partial<Timeouts> {
  /** The layer it belongs to, which is also the scope of its configuration. Default: `orchestration`. */
  readonly scope?: Scope;
  /** Default: `0.0.0`. */
  readonly version?: string;
  /** Maximum age in milliseconds of a reused answer of a health check. Default: 1,000. */
  readonly healthCacheMs?: number;
  /** Interval of health checks in milliseconds, so that changes are noticed. Infinity for never. Default: 5,000. */
  readonly healthIntervalMs?: number;
}

/** A registry of any steps, reduced to its description for the status. */
type Described = Pick<StepRegistry<never, never>, "describe">;

/** Why an orchestrator stops without a request. */
interface Failure {
  readonly reason: TuttiError;
  readonly component: string;
}

/**
 * @typeParam Components the components by name, for a typed `get`. Default: any.
 * @typeParam Events its own events: the payloads by name.
 */
export class Orchestrator<
  Components extends { [Name in keyof Components]: Component } = ComponentMap,
  Events extends object = NoEvents,
> implements Component, AsyncDisposable
{
  readonly name: string;
  readonly scope: Scope;
  readonly version: string;
  /** Steps of the start. Each component is a step of its own name. Others may be inserted. */
  readonly startUp = new StepRegistry<StartUp, Promise<void>>("start-up");
  /** Its lines name the orchestrator. */
  readonly logger: Logger;
  protected readonly foundation: Foundation;

  readonly #instruments: OrchestratorInstruments;
  readonly #events: Emitter<OrchestratorEvents & Events>;
  readonly #ownEvents: Emits<OrchestratorEvents>;
  // Without a prototype, so that a component may have any name.
  readonly #components: Partial<Components> = Object.create(null);
  readonly #set: ComponentSet;
  readonly #pipelines = new Map<string, Described>();
  readonly #execution: ExecutionPorts;
  readonly #healthIntervalMs: number;

  #lifecycle: Lifecycle;
  #lastHealth: Health;
  readonly #condition: ConditionTracker;
  #startDurationMs: number | undefined;
  #failure: Failure | undefined;
  #healthTimer: Timer | undefined;
  #starting: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #drainProblems: readonly TuttiError[] = [];
  readonly #startAbort = new AbortController();
  /** Aborted if a caller no longer waits for the drain, or for the stop. */
  readonly #drainAbort = new AbortController();
  readonly #stopAbort = new AbortController();

  constructor(name: string, foundation: Foundation, options: OrchestratorOptions = {}) {
    const { scope = "orchestration", version = "0.0.0", healthCacheMs = 1_000 } = options;
    this.name = name;
    this.scope = scope;
    this.version = version;
    this.foundation = foundation;
    this.logger = foundation.logger.child({ orchestrator: name });
    this.#healthIntervalMs = options.healthIntervalMs ?? 5_000;
    this.#instruments = new OrchestratorInstruments(name, foundation.metrics);
    this.#events = new Emitter((event, error) => {
      this.#instruments.listenerFailed(event);
      this.logger.error("listener failed", { event, error });
    });
    this.#ownEvents = this.#events;
    this.#set = new ComponentSet({
      orchestrator: name,
      foundation,
      logger: this.logger,
      startUp: this.startUp,
      timeouts: resolveTimeouts(options),
      healthCacheMs,
      instruments: this.#instruments,
      events: this.#ownEvents,
      healthChanged: () => this.#reviewHealth(),
      criticalFailed: (component, error) => this.#handleFailure(component, error),
    });
    this.#execution = {
      ...foundation,
      logger: this.logger,
      retried: () => this.#instruments.retried(),
      ended: (report) => {
        this.#instruments.executed(report.operation, report.outcome);
        if (report.outcome !== "succeeded") this.#ownEvents.emit("operationFailed", report);
      },
    };
    this.#condition = new ConditionTracker(foundation.clock);
    this.#lifecycle = { state: "created", since: foundation.clock.now() };
    this.#instruments.entered("created");
    this.#lastHealth = this.#health();
    this.#instruments.health(this.#lastHealth);
    this.addPipeline(this.startUp);
  }

  // Parts

  /** Registers a component and returns it. It starts after those registered before it. */
  register<Name extends keyof Components & string, C extends Components[Name]>(
    name: Name,
    component: C,
    options: ComponentOptions<keyof Components & string> = {},
  ): C {
    const { state } = this.#lifecycle;
    if (state !== "created") throw lifecycleErrors.registeredLate({ orchestrator: this.name, name, state });
    const nested = component instanceof Orchestrator ? component : undefined;
    this.#set.add(name, component, options, nested);
    this.#components[name] = component;
    return component;
  }

  /** Returns the component of this name, or the only one of this class. Throws if there is none. */
  get<Name extends keyof Components & string>(name: Name): Components[Name];
  get<C extends Component>(type: abstract new (...parameters: never[]) => C): C;
  get<Name extends keyof Components & string, C extends Component>(
    nameOrClass: Name | (abstract new (...parameters: never[]) => C),
  ): Components[Name] | C {
    if (typeof nameOrClass === "function") return this.#set.ofClass(nameOrClass);
    const component = this.#components[nameOrClass];
    if (component !== undefined) return component;
    const { names: known } = this.#set;
    throw lifecycleErrors.componentUnknown({ orchestrator: this.name, component: nameOrClass, known });
  }

  has(name: string): boolean {
    return this.#set.has(name);
  }

  /** Returns the values of a section of the configuration in the scope of this orchestrator. */
  settings<S extends z.ZodObject>(section: Section<S>): z.output<S> {
    const { configuration } = this.foundation;
    if (configuration !== undefined) return configuration.read(section, { scope: this.scope });
    throw lifecycleErrors.configurationMissing({ orchestrator: this.name, section: section.name });
  }

  /** Shows a pipeline of steps in the status, and returns it. */
  addPipeline<Input, Output>(registry: StepRegistry<Input, Output>): StepRegistry<Input, Output> {
    const { pipeline } = registry;
    if (this.#pipelines.has(pipeline)) {
      throw lifecycleErrors.pipelineTwice({ orchestrator: this.name, pipeline });
    }
    this.#pipelines.set(pipeline, registry);
    return registry;
  }

  /**
   * Composes a pipeline into one function, and shows it in the status. Its steps are timed, their failures are counted
   * in this orchestrator's metrics, and errors name the step that threw them. If that is too expensive, use the
   * registry's own `compose`.
   */
  compose<Input, Output>(
    registry: StepRegistry<Input, Output>,
    last: Next<Input, Output>,
    naming: Naming = "all",
  ): Next<Input, Output> {
    if (this.#pipelines.get(registry.pipeline) !== registry) this.addPipeline(registry);
    const observer = this.#instruments.observe(registry.pipeline, this.foundation.clock);
    return registry.composeObserved(last, observer, naming);
  }

  // Starting and stopping

  get lifecycle(): Lifecycle {
    return this.#lifecycle;
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  /**
   * Starts the components. Resolves when all are ready. Rejects if one fails, after all others are stopped again. A
   * repeated call returns the same promise.
   */
  start({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#starting !== undefined) return this.#starting;
    const { state } = this.#lifecycle;
    if (state !== "created") {
      return Promise.reject(lifecycleErrors.notStartable({ orchestrator: this.name, state }));
    }
    // Set before the start, because a listener to its first change of state may call `start` or `stop`.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#starting = promise;
    resolve(this.#start(signal));
    return promise;
  }

  /**
   * Refuses new work and finishes running work. Nothing is stopped yet. Never rejects: `stop` reports the errors. No
   * effect unless ready.
   */
  drain(signal?: AbortSignal): Promise<void> {
    abortWith(this.#drainAbort, signal);
    if (this.#draining !== undefined) return this.#draining;
    if (this.#lifecycle.state !== "ready") return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#draining = promise;
    resolve(this.#drain());
    return promise;
  }

  /**
   * Drains, then stops the components in reverse. A start under way is aborted and undone. Continues past failures, and
   * rejects with all of them at the end. A repeated call returns the same promise.
   */
  stop(signal?: AbortSignal): Promise<void> {
    abortWith(this.#drainAbort, signal);
    abortWith(this.#stopAbort, signal);
    if (this.#stopping !== undefined) return this.#stopping;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopping = promise;
    resolve(this.#stop());
    return promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // Health

  /**
   * Updates and returns the health of the orchestrator and of each component. No check is awaited beyond its timeout.
   */
  async health(): Promise<HealthReport> {
    await this.#set.refreshHealth();
    const components = Object.fromEntries(this.#set.healthParts().map(({ name, health }) => [name, health]));
    return { ...this.#health(), components };
  }

  /** Whether it serves, according to the last known health. A degraded one does. */
  get isReady(): boolean {
    return this.readinessProblems().length === 0;
  }

  /** Checks now whether it serves, and returns the reasons by name if it does not. */
  async readiness(): Promise<Readiness> {
    await this.#set.refreshHealth();
    const problems = this.readinessProblems();
    return { ready: problems.length === 0, problems };
  }

  /** Returns the known reasons why it does not serve, each named by its place below `path`. */
  readinessProblems(path: string = this.name): readonly ReadinessProblem[] {
    if (this.#lifecycle.state === "ready") return this.#set.readinessProblems(path);
    const { starting } = this.#set;
    const reason = this.#health().reason + (starting === undefined ? "" : `, just now \`${starting}\``);
    // A component that waits for another one does not name it. A started one that does not work may be the reason.
    return [{ component: path, reason }, ...(starting === undefined ? [] : this.#set.startedProblems(path))];
  }

  /** False once it has failed: it will not serve again, and its process should be replaced. */
  get isLive(): boolean {
    return this.#lifecycle.state !== "failed";
  }

  /** Returns the whole tree as plain JSON, with the last known health. `health` updates it. */
  status(): OrchestratorStatus {
    const lifecycle = this.#lifecycle;
    const { name, scope, version } = this;
    const pipelines = [...this.#pipelines].map(([pipeline, steps]) => [pipeline, steps.describe()]);
    return {
      name,
      scope,
      version,
      state: lifecycle.state,
      since: new Date(lifecycle.since).toISOString(),
      startDurationMs: this.#startDurationMs ?? null,
      failure:
        lifecycle.state !== "failed"
          ? null
          : {
              code: lifecycle.reason.code,
              reason: lifecycle.reason.message,
              component: lifecycle.component ?? null,
              problems: lifecycle.problems.map(({ message }) => message),
            },
      health: this.#health(),
      condition: this.#condition.status(),
      components: this.#set.status(),
      pipelines: Object.fromEntries(pipelines),
    };
  }

  // Events

  /** Calls the listener at every event of this name. A listener that throws does not affect others. */
  on<Name extends keyof (OrchestratorEvents & Events) & string>(
    event: Name,
    listener: Listener<(OrchestratorEvents & Events)[Name]>,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Calls the listener at the next event of this name only. */
  once<Name extends keyof (OrchestratorEvents & Events) & string>(
    event: Name,
    listener: Listener<(OrchestratorEvents & Events)[Name]>,
  ): Unsubscribe {
    return this.#events.once(event, listener);
  }

  off<Name extends keyof (OrchestratorEvents & Events) & string>(
    event: Name,
    listener: Listener<(OrchestratorEvents & Events)[Name]>,
  ): void {
    this.#events.off(event, listener);
  }

  emit<Name extends keyof (OrchestratorEvents & Events) & string>(
    event: Name,
    payload: (OrchestratorEvents & Events)[Name],
  ): void {
    this.#events.emit(event, payload);
  }

  // Operations

  /**
   * Runs an operation that may fail. Repeats it within its time if its error allows that, and reports its outcome.
   * Returns the default if one is declared. Otherwise throws a `TuttiError`.
   *
   * @param name of the operation, a constant: it is a label of the metrics.
   */
  safeExecute<T, Default>(
    name: string,
    operation: Operation<T>,
    options: ExecuteWithDefault<Default>,
  ): Promise<T | Default>;
  safeExecute<T>(name: string, operation: Operation<T>, options?: ExecuteOptions): Promise<T>;
  safeExecute<T, Default>(
    name: string,
    operation: Operation<T>,
    options: ExecuteOptions | ExecuteWithDefault<Default> = {},
  ): Promise<T | Default> {
    return executeSafely(this.#execution, name, operation, options);
  }

  async #start(callerSignal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.foundation;
    const startedMs = clock.monotonic();
    const own = this.#startAbort.signal;
    const signal = callerSignal === undefined ? own : AbortSignal.any([own, callerSignal]);
    this.#enter({ state: "starting", since: clock.now() });
    try {
      const steps = this.startUp.seal().map((step) => this.#set.guard(step));
      const observer = this.#instruments.observe("start-up", clock);
      const run = composeObserved("start-up", steps, async () => {}, { observer, naming: "all" });
      await run({ signal, logger: this.logger });
      signal.throwIfAborted();
    } catch (thrown) {
      throw await this.#undoStart(errorFromUnknown(thrown), signal.aborted);
    }
    const startDurationMs = clock.monotonic() - startedMs;
    this.#startDurationMs = startDurationMs;
    this.#instruments.started(startDurationMs);
    this.#enter({ state: "ready", since: clock.now(), startDurationMs });
    this.#watchHealth();
  }

  /** Stops the started components, and returns the error with which `start` rejects. */
  async #undoStart(error: TuttiError, aborted: boolean): Promise<TuttiError> {
    const { name: orchestrator } = this;
    const { clock } = this.foundation;
    const component = error.details["step"];
    const details = { orchestrator, ...(component !== undefined && { component }) };
    const reason = aborted
      ? lifecycleErrors.startAborted({ orchestrator }, { cause: error, details })
      : lifecycleErrors.startFailed({ orchestrator, problem: error.message }, { cause: error, details });
    // A failure during the stop is not the reason for the stop.
    const failure = aborted ? this.#failure : undefined;
    this.#enter({ state: "draining", since: clock.now() });
    const problems = await this.#set.stop(this.#stopAbort.signal);
    const isRequested = failure !== undefined || (aborted && this.#stopping !== undefined);
    if (isRequested) this.#finish(problems);
    else this.#enter({ state: "failed", since: clock.now(), reason, component, problems });
    return failure?.reason ?? reason;
  }

  async #drain(): Promise<void> {
    this.#enter({ state: "draining", since: this.foundation.clock.now() });
    this.#drainProblems = await this.#set.drain(this.#drainAbort.signal);
  }

  async #stop(): Promise<void> {
    const { name: orchestrator } = this;
    if (this.#lifecycle.state === "created") this.#finish([]);
    if (this.#lifecycle.state !== "ready") {
      // No effect on a start that is over.
      this.#startAbort.abort(lifecycleErrors.startAborted({ orchestrator }));
      // The caller of `start` gets its failure. Only its end matters here.
      await this.#starting?.catch(() => {});
    }
    if (this.#lifecycle.state === "ready" || this.#draining !== undefined) {
      await this.drain();
      this.#finish([...this.#drainProblems, ...(await this.#set.stop(this.#stopAbort.signal))]);
    }
    const lifecycle = this.#lifecycle;
    if (lifecycle.state === "failed" && lifecycleErrors.stopIncomplete.is(lifecycle.reason)) {
      throw lifecycle.reason;
    }
  }

  /** Enters the last state, `stopped` or `failed`. */
  #finish(problems: readonly TuttiError[]): void {
    const { name: orchestrator } = this;
    const since = this.foundation.clock.now();
    this.#healthTimer?.cancel();
    if (this.#failure !== undefined) {
      this.#enter({ state: "failed", since, ...this.#failure, problems });
      return;
    }
    if (problems.length === 0) {
      this.#enter({ state: "stopped", since });
      return;
    }
    const reason = lifecycleErrors.stopIncomplete(
      { orchestrator, problems: problems.map(({ message }) => message) },
      { cause: new AggregateError(problems) },
    );
    this.#enter({ state: "failed", since, reason, component: undefined, problems });
  }

  #enter(next: Lifecycle): void {
    const from = this.#lifecycle.state;
    assert(mayFollow(from, next.state), "the lifecycle moves forward", { from, to: next.state });
    this.#lifecycle = next;
    this.#instruments.entered(next.state);
    if (next.state === "failed") this.logger.error("orchestrator failed", { from, error: next.reason });
    else this.logger.info(`state changed: ${from} -> ${next.state}`, { from, to: next.state });
    this.#ownEvents.emit("stateChanged", { from, to: next });
    this.#reviewHealth();
  }

  #handleFailure(component: string, error: TuttiError): void {
    if (this.#failure !== undefined) return;
    const { name: orchestrator } = this;
    const reason = lifecycleErrors.componentFailed(
      { orchestrator, component, problem: error.message },
      { cause: error, details: { orchestrator, component } },
    );
    this.#failure = { reason, component };
    // Rejects only if there was no other stop request and problems remained. The state contains them.
    if (this.#lifecycle.state === "ready") void this.stop();
    else this.#startAbort.abort(reason);
  }

  #watchHealth(): void {
    if (this.#healthIntervalMs === Number.POSITIVE_INFINITY) return;
    this.#healthTimer = this.foundation.timers.every(this.#healthIntervalMs, () => {
      void this.#set.refreshHealth();
    });
  }

  #health(): Health {
    const lifecycle = this.#lifecycle;
    switch (lifecycle.state) {
      case "ready":
        return aggregateHealth(this.#set.healthParts());
      case "failed":
        return unhealthy(`it failed: ${lifecycle.reason.message}`);
      default:
        return unhealthy(`it is ${lifecycle.state}`);
    }
  }

  #reviewHealth(): void {
    const from = this.#lastHealth;
    const to = this.#health();
    this.#condition.observe(this.#lifecycle.state, to);
    if (sameHealth(from, to)) return;
    this.#lastHealth = to;
    this.#instruments.health(to);
    this.#ownEvents.emit("healthChanged", { from, to });
  }
}

/** Shortens a phase when the signal is aborted. */
function abortWith(phase: AbortController, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) phase.abort(signal.reason);
  else signal.addEventListener("abort", () => phase.abort(signal.reason), { once: true });
}
