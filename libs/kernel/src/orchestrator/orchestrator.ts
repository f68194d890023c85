/**
 * The base of every service and of every coordinator that users make: what it is made of, in which order that starts
 * and stops, how well it works, and what it tells the world about that.
 *
 * 1. Components start in the order of their registration, but each after what it depends on, one at a time.
 * 2. They drain and stop in exactly the reverse of the order in which they started. Every one that started is
 *    stopped once, even if others fail, and in no more time than it may take.
 * 3. A start that fails, is aborted or runs out of time leaves nothing running.
 * 4. The lifecycle only moves forward. `start` and `stop` give the same promise however often they are called.
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
  /** The layer it belongs to, and the scope that it reads its configuration in. Default `orchestration`. */
  readonly scope?: Scope;
  /** Default `0.0.0`. */
  readonly version?: string;
  /** How old an answer of a health check may be to be given again. Default 1,000. */
  readonly healthCacheMs?: number;
  /** How often health checks are made unasked, so that changes are noticed. Infinity for never. Default 5,000. */
  readonly healthIntervalMs?: number;
}

/** A registry of any steps, as far as the status shows it. */
type Described = Pick<StepRegistry<never, never>, "describe">;

/** Why an orchestrator stops without a request. */
interface Failure {
  readonly reason: TuttiError;
  readonly component: string;
}

/**
 * @typeParam Components the components by name, for a typed `get`. Any, unless given.
 * @typeParam Events events of its own, by name, with what they carry.
 */
export class Orchestrator<
  Components extends { [Name in keyof Components]: Component } = ComponentMap,
  Events extends object = NoEvents,
> implements Component, AsyncDisposable
{
  readonly name: string;
  readonly scope: Scope;
  readonly version: string;
  /** What happens at the start. Each component is a step of its own name. Others may be put between them. */
  readonly startUp = new StepRegistry<StartUp, Promise<void>>("start-up");
  /** Writes the orchestrator's name in each line. */
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
  /** Aborted by a caller whose patience with the drain, or with the stop, is at its end. */
  readonly #drainHurry = new AbortController();
  readonly #stopHurry = new AbortController();

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
      cannotGoOn: (component, error) => this.#cannotGoOn(component, error),
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

  // What it is made of

  /** Takes a component in and gives it back. It starts after those registered before it. */
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

  /** The component of this name, or the only one of this class. Throws where there is none. */
  get<Name extends keyof Components & string>(name: Name): Components[Name];
  get<C extends Component>(type: abstract new (...parameters: never[]) => C): C;
  get<Name extends keyof Components & string, C extends Component>(
    wanted: Name | (abstract new (...parameters: never[]) => C),
  ): Components[Name] | C {
    if (typeof wanted === "function") return this.#set.ofClass(wanted);
    const component = this.#components[wanted];
    if (component !== undefined) return component;
    const { names: known } = this.#set;
    throw lifecycleErrors.componentUnknown({ orchestrator: this.name, component: wanted, known });
  }

  has(name: string): boolean {
    return this.#set.has(name);
  }

  /** Returns the values of a section of the configuration, as they are for the scope of this orchestrator. */
  settings<S extends z.ZodObject>(section: Section<S>): z.output<S> {
    const { configuration } = this.foundation;
    if (configuration !== undefined) return configuration.read(section, { scope: this.scope });
    throw lifecycleErrors.configurationMissing({ orchestrator: this.name, section: section.name });
  }

  /** Shows a pipeline of steps in the status, and gives it back. */
  addPipeline<Input, Output>(registry: StepRegistry<Input, Output>): StepRegistry<Input, Output> {
    const { pipeline } = registry;
    if (this.#pipelines.has(pipeline)) {
      throw lifecycleErrors.pipelineTwice({ orchestrator: this.name, pipeline });
    }
    this.#pipelines.set(pipeline, registry);
    return registry;
  }

  /**
   * One function for a pipeline, shown in the status: its steps are timed and their failures counted among this
   * orchestrator's metrics, and errors name the step they arose in. Where that is too dear, the registry's own
   * `compose` does without.
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
   * Starts the components. Resolves when all are ready. Rejects when one failed, and then all others are stopped again.
   * Called again, it gives the same promise.
   */
  start({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#starting !== undefined) return this.#starting;
    const { state } = this.#lifecycle;
    if (state !== "created") {
      return Promise.reject(lifecycleErrors.notStartable({ orchestrator: this.name, state }));
    }
    // Known before it starts: a listener to its first change of state may call `start` or `stop` itself.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#starting = promise;
    resolve(this.#start(signal));
    return promise;
  }

  /**
   * Refuses what is new and finishes running work. Nothing is stopped yet. Never rejects: what went wrong is reported
   * by `stop`. Does nothing unless ready.
   */
  drain(signal?: AbortSignal): Promise<void> {
    hurry(this.#drainHurry, signal);
    if (this.#draining !== undefined) return this.#draining;
    if (this.#lifecycle.state !== "ready") return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#draining = promise;
    resolve(this.#drain());
    return promise;
  }

  /**
   * Drains, then stops the components in reverse. A start under way is aborted and undone. Continues past failures.
   * Rejects with all of them when it is through. Called again, it gives the same promise.
   */
  stop(signal?: AbortSignal): Promise<void> {
    hurry(this.#drainHurry, signal);
    hurry(this.#stopHurry, signal);
    if (this.#stopping !== undefined) return this.#stopping;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopping = promise;
    resolve(this.#stop());
    return promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // How well it works

  /**
   * Returns the health of the whole and of each component, brought up to date: no check is waited for beyond its
   * timeout.
   */
  async health(): Promise<HealthReport> {
    await this.#set.refreshHealth();
    const components = Object.fromEntries(this.#set.healthParts().map(({ name, health }) => [name, health]));
    return { ...this.#health(), components };
  }

  /** Whether it serves, as far as is known now. A degraded one does. */
  get isReady(): boolean {
    return this.readinessProblems().length === 0;
  }

  /** Checks now whether it serves, and returns the reasons if it does not, by name. */
  async readiness(): Promise<Readiness> {
    await this.#set.refreshHealth();
    const problems = this.readinessProblems();
    return { ready: problems.length === 0, problems };
  }

  /** Known reasons why it does not serve, each named by its place below `path`. */
  readinessProblems(path: string = this.name): readonly ReadinessProblem[] {
    if (this.#lifecycle.state === "ready") return this.#set.readinessProblems(path);
    const { starting } = this.#set;
    const reason = this.#health().reason + (starting === undefined ? "" : `, just now \`${starting}\``);
    // A component that waits for another one does not say which: a started one that does not work may be the reason.
    return [{ component: path, reason }, ...(starting === undefined ? [] : this.#set.startedProblems(path))];
  }

  /** False once it has failed: it will not serve again, and its process should be replaced. */
  get isLive(): boolean {
    return this.#lifecycle.state !== "failed";
  }

  /** Returns the whole tree as plain JSON, as far as is known now. `health` brings it up to date. */
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

  // What it tells

  /** Calls the listener at every such event. A listener that throws harms no other. */
  on<Name extends keyof (OrchestratorEvents & Events) & string>(
    event: Name,
    listener: Listener<(OrchestratorEvents & Events)[Name]>,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Calls the listener at the next such event only. */
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

  // What it does

  /**
   * Runs an operation that may fail: repeats it where its error says that this may help, within its time, reports how
   * it ended, and gives the declared default only where one is declared. Otherwise throws a `TuttiError`.
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

  async #start(given: AbortSignal | undefined): Promise<void> {
    const { clock } = this.foundation;
    const startedMs = clock.monotonic();
    const own = this.#startAbort.signal;
    const signal = given === undefined ? own : AbortSignal.any([own, given]);
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

  /** Stops what had been started, and gives what `start` rejects with. */
  async #undoStart(error: TuttiError, aborted: boolean): Promise<TuttiError> {
    const { name: orchestrator } = this;
    const { clock } = this.foundation;
    const component = error.details["step"];
    const details = { orchestrator, ...(component !== undefined && { component }) };
    const reason = aborted
      ? lifecycleErrors.startAborted({ orchestrator }, { cause: error, details })
      : lifecycleErrors.startFailed({ orchestrator, problem: error.message }, { cause: error, details });
    // One that comes while the rest is stopped is not why it stops.
    const failure = aborted ? this.#failure : undefined;
    this.#enter({ state: "draining", since: clock.now() });
    const problems = await this.#set.stop(this.#stopHurry.signal);
    const isRequested = failure !== undefined || (aborted && this.#stopping !== undefined);
    if (isRequested) this.#finish(problems);
    else this.#enter({ state: "failed", since: clock.now(), reason, component, problems });
    return failure?.reason ?? reason;
  }

  async #drain(): Promise<void> {
    this.#enter({ state: "draining", since: this.foundation.clock.now() });
    this.#drainProblems = await this.#set.drain(this.#drainHurry.signal);
  }

  async #stop(): Promise<void> {
    const { name: orchestrator } = this;
    if (this.#lifecycle.state === "created") this.#finish([]);
    if (this.#lifecycle.state !== "ready") {
      // Without effect on a start that is over.
      this.#startAbort.abort(lifecycleErrors.startAborted({ orchestrator }));
      // Its starter learns of its failure. Here only its end matters.
      await this.#starting?.catch(() => {});
    }
    if (this.#lifecycle.state === "ready" || this.#draining !== undefined) {
      await this.drain();
      this.#finish([...this.#drainProblems, ...(await this.#set.stop(this.#stopHurry.signal))]);
    }
    const lifecycle = this.#lifecycle;
    if (lifecycle.state === "failed" && lifecycleErrors.stopIncomplete.is(lifecycle.reason)) {
      throw lifecycle.reason;
    }
  }

  /** Enters the last state, whichever it is. */
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

  #cannotGoOn(component: string, error: TuttiError): void {
    if (this.#failure !== undefined) return;
    const { name: orchestrator } = this;
    const reason = lifecycleErrors.componentFailed(
      { orchestrator, component, problem: error.message },
      { cause: error, details: { orchestrator, component } },
    );
    this.#failure = { reason, component };
    // It rejects only with a stop without another request and that left problems. The state tells of those.
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

/** Ends the patience with a phase when the signal says so. */
function hurry(phase: AbortController, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) phase.abort(signal.reason);
  else signal.addEventListener("abort", () => phase.abort(signal.reason), { once: true });
}
