/**
 * A worker: handlers for capabilities, linked to a pool.
 *
 *     idle ── start ──► linking ── welcome ──► working ── stop, signal, drain by the host ──► draining ──► stopped
 *     linking, working ── refused for good ──► failed
 */
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Capability } from "@tutti/definitions/builder";
import {
  type Chance,
  type Clock,
  type Defer,
  IdSource,
  type Logger,
  lineLogger,
  misspeltVariables,
  type ProcessEdge,
  promptDefer,
  type StopSignal,
  signalNumbers,
  systemChance,
  systemClock,
  systemDefer,
  systemProcess,
  systemTimers,
  type Timer,
  type Timers,
  TuttiError,
  thisSystem,
} from "@tutti/kernel";
import { HostGauge, processUse } from "@tutti/mesh/host-figures";
import { sdkErrors } from "../errors.ts";
import type { DurableFunction, HostedFunction } from "../functions/durable.ts";
import { FunctionHost } from "../functions/host.ts";
import { Registration } from "../functions/register.ts";
import { Watchdog } from "../functions/watchdog.ts";
import type { TurnInput } from "../functions/wire.ts";
import type { BlobAccess } from "../link/blobs.ts";
import { Connector } from "../link/connector.ts";
import type { Transport } from "../link/transport.ts";
import { transportFor } from "../link/transports.ts";
import { type OptionNames, requireKnown, wholeNumber } from "../options.ts";
import { Busy } from "../task/failure.ts";
import {
  type CapabilityTexts,
  type HandleOptions,
  type Handler,
  Handlers,
  handleNames,
} from "../task/handlers.ts";
import { handledAs } from "../task/typed.ts";
import { Agent } from "./agent.ts";
import { MeasureSender } from "./measure-sender.ts";
import { WorkerMissions } from "./missions.ts";
import { WorkerSecrets } from "./secrets.ts";
import { resolveSettings, type WorkerOptions, type WorkerSettings } from "./settings.ts";

export type WorkerState = "idle" | "linking" | "working" | "draining" | "stopped" | "failed";

export interface DurableHandleOptions extends HandleOptions {
  /** Percentage of new runs that use a new `version`. `tutti workflow rollout` changes it. Default: 100. */
  readonly percent?: number;
}

const durableNames: OptionNames<DurableHandleOptions> = { ...handleNames, percent: wholeNumber(0, 100) };

/** Ports to the outside. A test, a simulation or an embedding process replaces some of them. */
export interface WorkerPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly defer: Defer;
  readonly logger: Logger;
  readonly edge: ProcessEdge;
  /** Variables for options that are not set. Default: the environment of the process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Default: a WebSocket or gRPC, depending on the addresses. */
  readonly transport: (settings: WorkerSettings) => Promise<Transport>;
  /** Time after which a durable function that blocks the worker is ended, in milliseconds. Default: 10,000. */
  readonly blockMs: number;
  /** Default: the metrics of this machine. */
  readonly figures: () => HostFigures;
  /** CPU and memory of the process. Undefined if unknown. */
  readonly use: () => ReturnType<typeof processUse>;
}

const notDurable = (found: unknown) => ({
  option: "durable",
  expected: "a function of `durable(name, code)`",
  found: typeof found,
});

const firstPauseMs = 100;
const longestPauseMs = 3_000;

export class Worker {
  readonly settings: WorkerSettings;
  readonly #ports: WorkerPorts;
  readonly #handlers = new Handlers();
  readonly #agent: Agent;
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #connector: Connector | undefined;
  #transport: Transport | undefined;
  readonly #missions: WorkerMissions;
  readonly #secrets: WorkerSecrets;
  readonly #measures: MeasureSender;
  #state: WorkerState = "idle";
  readonly #functions: FunctionHost;
  readonly #watchdog: Watchdog;
  readonly #durable: HostedFunction[] = [];
  #registration: Registration | undefined;
  #failure: Error | undefined;
  #releases: (() => void)[] = [];
  #cancelReport: (() => void) | undefined;
  #drainTimer: Timer | undefined;
  #linkWatch: Timer | undefined;

  constructor(options: WorkerOptions = {}, ports: Partial<WorkerPorts> = {}) {
    this.settings = resolveSettings(options, ports.variables ?? process.env);
    this.#missions = new WorkerMissions(this.settings);
    this.#ports = systemPorts(ports);
    // The function that blocked fails first.
    this.#watchdog = new Watchdog(() => this.#ports.defer(() => this.#returnTasks()), this.#ports.blockMs);
    this.#functions = new FunctionHost({ ...this.#ports, watchdog: this.#watchdog });
    this.#secrets = new WorkerSecrets(this.settings, this.#ports);
    const { clock, chance, timers, logger } = this.#ports;
    this.#measures = new MeasureSender({
      settings: this.settings,
      clock,
      timers,
      logger,
      agentId: () => this.agentId,
    });
    const ids = new IdSource({ clock, chance });
    this.#agent = new Agent({
      ...this.#ports,
      defer: ports.defer ?? promptDefer(),
      settings: this.settings,
      handlers: this.#handlers,
      incarnation: ids.newId("worker"),
      blobs: () => this.#blobs(),
      openSecret: (query) => this.#secrets.open(query),
      measures: this.#measures.registry,
      openMission: (task) => this.#missions.open(task),
      onDrain: (reason, deadlineMs) => this.#drain(`the host wants it: ${reason}`, deadlineMs),
      onIdle: () => this.#disconnectIfDone(),
    });
    // Callers that do not await these promises see a failure in the log.
    this.#started.promise.catch(() => {});
    this.#stopped.promise.catch(() => {});
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Id of the worker in the pool. Empty until it is linked, if no id was configured. */
  get agentId(): string {
    return this.#agent.agentId;
  }

  /** True while the worker is linked. It reconnects by itself. */
  get isLinked(): boolean {
    return this.#connector?.isLinked ?? false;
  }

  /** Resolves when the worker has stopped. Rejects if it was refused for good. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /**
   * Registers the handler of a capability. The return value of the handler is the output. An exception fails the attempt.
   * Input and output of a typed capability are validated against its schemas.
   */
  handle<Input = unknown, Output = unknown>(
    capability: string,
    handler: Handler<Input, Output>,
    options?: HandleOptions,
  ): this;
  handle<Input, Result>(
    capability: Capability<unknown, Input, Result>,
    handler: Handler<Input, Result>,
    options?: HandleOptions,
  ): this;
  handle(capability: string | Capability, handler: Handler<never>, options: HandleOptions = {}): this {
    // The input comes from the definition. If the host knows a schema, it has checked the input too.
    const handled = handledAs(capability, handler as Handler, options);
    if (this.#state === "idle") this.#reportUnlessStarted();
    this.#handlers.add(handled.name, handled.handler, handled.options);
    this.#agent.sendOffering();
    return this;
  }

  /**
   * Replaces the description and the schemas of a capability that has a handler, and offers them to the pool. Texts that
   * are not set are removed.
   */
  describe(name: string, texts: CapabilityTexts): this {
    if (this.#handlers.describe(name, texts)) this.#agent.sendOffering();
    return this;
  }

  /**
   * Runs one durable function, or a list of them. Their workflows are registered before the worker links. With `version`,
   * runs stay with workers of the version that they started with.
   */
  durable<Input, Output>(
    functions: DurableFunction<Input, Output> | readonly DurableFunction<never>[],
    durableOptions: DurableHandleOptions = {},
  ): this {
    const hosted = [functions].flat() as unknown as readonly DurableFunction[];
    for (const fn of hosted) if (fn?.definition === undefined) throw sdkErrors.optionInvalid(notDurable(fn));
    requireKnown("worker.durable", durableOptions, durableNames);
    const { percent, ...options } = durableOptions;
    const { version } = options;
    checkRollout(version, percent);
    for (const fn of hosted) {
      this.#durable.push({ fn, version, percent: percent ?? 100 });
      this.handle(fn.name, (input, task) => this.#functions.turn(fn, input as TurnInput, task), options);
    }
    return this;
  }

  /**
   * Links to the pool. Resolves with the first welcome, without a timeout. Rejects if the worker is refused for good.
   */
  start(): Promise<void> {
    if (this.#state !== "idle") return this.#started.promise;
    if (this.#handlers.size === 0) return Promise.reject(sdkErrors.handlerMissing());
    this.#state = "linking";
    this.#cancelReport?.();
    const { edge, logger, variables } = this.#ports;
    for (const warning of misspeltVariables(variables)) logger.warn(warning);
    this.#releases.push(edge.keepAlive());
    if (this.settings.handleSignals) this.#releases.push(this.#watchSignals());
    this.#connect().catch((error: unknown) => this.#fail(error));
    return this.#started.promise;
  }

  /** Starts the worker. Resolves when a signal, the host or `stop()` has stopped it. */
  async run(): Promise<void> {
    await this.start();
    await this.stopped;
  }

  /** Finishes running tasks, waits until their results are durable, and disconnects. */
  stop(reason = "the worker stops"): Promise<void> {
    if (this.#state === "idle") {
      this.#state = "stopped";
      this.#cancelReport?.();
      this.#started.reject(sdkErrors.stopped());
      this.#stopped.resolve();
    }
    this.#drain(reason, this.settings.drainMs);
    return this.#stopped.promise;
  }

  /** Accepts no tasks until `wake`. The worker stays linked. */
  sleep(reason = "the worker sleeps", forMs = 0): void {
    this.#agent.sleep(reason, forMs, false);
  }

  wake(reason = "the worker is awake"): void {
    this.#agent.wake(reason, false);
  }

  async #connect(): Promise<void> {
    const { transport, clock, timers, chance, logger } = this.#ports;
    const opened = await transport(this.settings);
    // Before it links, so that callers can start its functions as soon as the worker is linked.
    if (this.settings.registerFunctions)
      this.#registration = new Registration(this.#durable, { settings: this.settings, ...this.#ports });
    await this.#registration?.run();
    if (this.#state !== "linking") return opened.close();
    this.#transport = opened;
    this.#connector = new Connector({
      addresses: this.settings.addresses,
      agent: this.#agent,
      transport: opened,
      clock,
      timers,
      chance,
      logger,
      backoff: { firstMs: firstPauseMs, maxMs: longestPauseMs },
      onLinked: () => this.#linked(),
      onRefused: (error) => this.#fail(error),
      onDisconnected: () => this.#finishStop(),
    });
    this.#connector.start();
  }

  #blobs(): BlobAccess {
    if (this.#transport === undefined || this.#connector === undefined) throw sdkErrors.stopped();
    return this.#transport.blobs(this.#connector.address);
  }

  #linked(): void {
    // A worker that started before the platform could not register earlier.
    void this.#registration?.run();
    if (this.#state === "linking") this.#state = "working";
    this.#started.resolve();
    if (this.#state === "draining") this.#disconnectIfDone();
  }

  #drain(reason: string, deadlineMs: number): void {
    if (this.#state !== "working" && this.#state !== "linking") return;
    const wasLinking = this.#state === "linking";
    this.#state = "draining";
    const { logger, timers } = this.#ports;
    logger.info("draining: finishing running tasks", { reason, running: this.#agent.atWork });
    if (wasLinking) {
      this.#started.reject(sdkErrors.stopped());
      this.#connector?.stop();
      this.#finishStop();
      return;
    }
    this.#agent.drain(reason);
    this.#watchLink();
    if (deadlineMs > 0) this.#drainTimer = timers.after(deadlineMs, () => this.#hurry(deadlineMs));
    this.#disconnectIfDone();
  }

  /** Stops waiting for the host when nothing runs and there is no link, because the host may never return. */
  #watchLink(): void {
    const { logger, timers } = this.#ports;
    let unlinkedChecks = 0;
    this.#linkWatch = timers.every(linkCheckMs, () => {
      const { atWork, unfinished } = this.#agent;
      unlinkedChecks = this.isLinked || atWork > 0 ? 0 : unlinkedChecks + 1;
      if (unlinkedChecks < unlinkedChecksMax) return;
      logger.warn("no host to report finished tasks to, other workers repeat them", { unfinished });
      this.#connector?.disconnect("drained, not all of it known to be durable");
    });
  }

  /** Aborts the handlers at the end of the drain time. Shortly after, the worker stops in any case. */
  #hurry(deadlineMs: number): void {
    const { logger, timers } = this.#ports;
    const { atWork, unfinished } = this.#agent;
    logger.warn("drain timeout reached, aborting running tasks", { running: atWork, unfinished });
    this.#agent.abortAll(sdkErrors.timedOut({ what: "the rest of the work", afterMs: deadlineMs }));
    this.#drainTimer = timers.after(hurryMs, () =>
      this.#connector?.disconnect("drained, not all of it finished"),
    );
  }

  /** Returns all tasks after the watchdog ended blocking code. Functions that were running at that moment never end. */
  #returnTasks(): void {
    this.#ports.logger.error("a durable function blocked the worker and was ended, running tasks go back");
    this.#agent.abortAll(new Busy({ message: "a durable function blocked the worker" }));
  }

  #disconnectIfDone(): void {
    if (this.#state !== "draining" || this.#agent.unfinished > 0) return;
    this.#connector?.disconnect("drained");
  }

  #finishStop(): void {
    if (this.#state === "stopped" || this.#state === "failed") return;
    this.#state = "stopped";
    this.#release();
    // No running task needs them any more.
    this.#missions.close().catch(() => {});
    this.#secrets.clear();
    const rest = this.#measures.close();
    if (rest === undefined) this.#stopped.resolve();
    else void rest.finally(() => this.#stopped.resolve());
  }

  #fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#state = "failed";
    this.#failure = failure;
    this.#report(failure);
    this.#connector?.stop();
    this.#release();
    this.#started.reject(failure);
    this.#stopped.reject(failure);
    // A process whose worker was refused must not exit with 0.
    if (this.settings.handleSignals) process.exitCode ??= 1;
  }

  /** The sentence of a declared error tells a person what to do. Its stack has only the code of this library. */
  #report(failure: Error): void {
    const { logger } = this.#ports;
    const isDeclared = failure instanceof TuttiError;
    const fields = isDeclared ? { reason: failure.message, code: failure.code } : { error: failure };
    logger.error("worker stopped", fields);
    if (isDeclared && this.settings.handleSignals) this.#endQuietly(failure);
  }

  /** Without this, Node prints a failure again, with its stack, that nothing catches after `await worker.run()`. */
  #endQuietly(failure: Error): void {
    const { edge, timers } = this.#ports;
    // The program has its own way.
    if (process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection") > 0) return;
    const release = edge.onFault((error) => {
      release();
      if (error !== failure) throw error;
      edge.exit(1);
    });
    timers.after(0, release);
  }

  #release(): void {
    this.#registration?.stop();
    this.#drainTimer?.cancel();
    this.#linkWatch?.cancel();
    this.#watchdog.stop();
    this.#agent.stop();
    for (const release of this.#releases.splice(0)) release();
  }

  /** Reports a script that ends without the start of its worker. Its tasks would wait, and nothing would say why. */
  #reportUnlessStarted(): void {
    const { edge, logger } = this.#ports;
    this.#cancelReport ??= edge.onEmpty(() => {
      logger.warn("the worker was never started. End the script with `await worker.run()`");
    });
  }

  #watchSignals(): () => void {
    const { edge, logger } = this.#ports;
    return watchSignals(edge, logger, async (signal) => {
      await this.stop(`received ${signal}`).catch(() => {});
      return this.#failure === undefined ? 0 : 1;
    });
  }
}

function checkRollout(version: string | undefined, percent: number | undefined): void {
  const wrong = (option: string, expected: string, found: unknown) =>
    sdkErrors.optionInvalid({ option, expected, found: JSON.stringify(found) });
  // Build metadata does not distinguish versions.
  if (version?.includes("+")) throw wrong("version", "a version without `+`, such as 2.1.0-g1a2b3c", version);
  if (percent !== undefined && version === undefined)
    throw wrong("version", "the version that `percent` is for", version);
}

/** Time for handlers after their signals are aborted at the end of a drain. */
const hurryMs = 2_000;
/** A host that returns within five seconds receives the remaining results. */
const linkCheckMs = 500;
const unlinkedChecksMax = 10;

function systemPorts(overrides: Partial<WorkerPorts>): WorkerPorts {
  const clock = overrides.clock ?? systemClock;
  let gauge: HostGauge | undefined;
  return {
    clock,
    timers: systemTimers,
    chance: systemChance,
    defer: systemDefer,
    logger: overrides.logger ?? lineLogger({ clock, form: process.stderr.isTTY ? "text" : "json" }),
    edge: systemProcess,
    variables: process.env,
    transport: transportFor,
    blockMs: 10_000,
    use: processUse,
    figures() {
      gauge ??= new HostGauge(clock);
      return gauge.read();
    },
    ...overrides,
  };
}

/**
 * Stops gracefully at the first signal, and exits with the code that `stop` returns. A second signal exits at once with
 * 128 plus its number. Returns a function that ends the watching.
 */
function watchSignals(
  edge: ProcessEdge,
  logger: Logger,
  stop: (signal: StopSignal) => Promise<number>,
): () => void {
  let isStopping = false;
  const releases = thisSystem.stopSignals.map((signal) =>
    edge.onSignal(signal, () => {
      if (isStopping) {
        logger.warn("second stop signal received, exiting immediately", { signal });
        return edge.exit(128 + signalNumbers[signal]);
      }
      isStopping = true;
      stop(signal).then((code) => edge.exit(code));
    }),
  );
  return () => {
    // While it stops, a second signal must still be heard.
    if (!isStopping) for (const release of releases) release();
  };
}
