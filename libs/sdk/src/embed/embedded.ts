/**
 * Tutti within an application: a client, a worker, sources and services that start, stop and report their health with it.
 *
 * 1. The application starts and serves also while the platform is unreachable. The worker links when it can.
 * 2. Calls within a request carry the token of its user (`users.ts`).
 * 3. It stops in this order: sources, services, the worker after its running tasks, the client.
 */

import type { Capability } from "@tutti/definitions/builder";
import { type Logger, reasonOf, silentLogger, systemChance } from "@tutti/kernel";
import type { Adapter } from "../adapters/adapter.ts";
import { AnnouncedService, type AnnounceOptions } from "../adapters/announce.ts";
import type { Source } from "../adapters/source.ts";
import { type ConnectOptions, connect } from "../client/connect.ts";
import type { Tutti } from "../client/tutti.ts";
import { sdkErrors } from "../errors.ts";
import { type OptionNames, requireKnown } from "../options.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { apiKeyIn, type WorkerOptions } from "../worker/settings.ts";
import { Worker, type WorkerPorts } from "../worker/worker.ts";
import { adaptLogger, type ForeignLogger } from "./foreign-logger.ts";
import { ForeignTracer, type OpenTelemetryApi } from "./foreign-tracer.ts";
import type { Variables } from "./settings.ts";
import { bearerOf, type EmbeddedRequest, type TokenOf, Users } from "./users.ts";

export interface EmbedOptions<Request extends EmbeddedRequest = EmbeddedRequest> {
  /** Variables such as `TUTTI_URL`, from `readSettings`. Default: the environment of the process. */
  readonly variables?: Variables;
  /** Options of the client. Each request sets its token. */
  readonly client?: Omit<ConnectOptions, "accessToken" | "logger">;
  /** Options of the worker. It ignores signals because the application stops it. */
  readonly worker?: Omit<WorkerOptions, "handleSignals">;
  /** The key or token of the application: of its worker, its sources and calls outside of requests. Default: `TUTTI_API_KEY`. */
  readonly accessToken?: string;
  /** The token of the user of a request. Default: the bearer token of the request. */
  readonly tokenOf?: TokenOf<Request>;
  /** Sources that start runs, such as `postgresOutbox`. */
  readonly sources?: readonly Source[];
  /** The logger of the application. Default: none. */
  readonly logger?: ForeignLogger;
  /** `@opentelemetry/api` of the application. Default: traces of requests are passed on without spans. */
  readonly openTelemetry?: OpenTelemetryApi;
}

const optionNames: OptionNames<EmbedOptions> = {
  variables: true,
  client: true,
  worker: true,
  accessToken: true,
  tokenOf: true,
  sources: true,
  logger: true,
  openTelemetry: true,
};

export interface PartHealth {
  readonly level: "healthy" | "degraded" | "unhealthy";
  readonly reason?: string;
}

export interface EmbeddedHealth {
  /** The worst level of the parts. `degraded` means that the application serves, but a part of Tutti is unavailable. */
  readonly level: PartHealth["level"];
  /** Health of `worker`, and of each source and service by name. */
  readonly parts: Readonly<Record<string, PartHealth>>;
}

const levels = ["healthy", "degraded", "unhealthy"] as const;
const healthy: PartHealth = { level: "healthy" };

export class EmbeddedTutti<Request extends EmbeddedRequest = EmbeddedRequest> {
  readonly logger: Logger;
  readonly #options: EmbedOptions<Request>;
  readonly #variables: Variables;
  readonly #accessToken: string | undefined;
  readonly #users: Users;
  readonly #tracer: ForeignTracer;
  readonly #services: AnnouncedService[] = [];
  readonly #ended = new AbortController();
  readonly #sources = new Map<string, PartHealth>();
  #running: Promise<unknown>[] = [];
  #worker: Worker | undefined;
  #workerFailure: Error | undefined;
  #client: Tutti | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: EmbedOptions<Request> = {}) {
    requireKnown<EmbedOptions<Request>>("EmbeddedTutti", options, optionNames);
    this.#options = options;
    this.#variables = options.variables ?? process.env;
    this.#accessToken = options.accessToken ?? apiKeyIn(this.#variables);
    this.#users = new Users(this.#accessToken ?? "");
    this.#tracer = new ForeignTracer(options.openTelemetry, this.#users, systemChance);
    this.logger = options.logger === undefined ? silentLogger : adaptLogger(options.logger);
  }

  /** The client. Each call carries the token of the user of the current request. */
  get client(): Tutti {
    if (this.#client === undefined || this.#stopping !== undefined) throw sdkErrors.embeddedNotStarted();
    return this.#client;
  }

  /** The worker. It starts if it was used before `start`. */
  get worker(): Worker {
    this.#worker ??= new TracedWorker(this.#workerOptions(), this.#ports(), this.#tracer);
    return this.#worker;
  }

  /** Offers the operations of a service as capabilities while its check passes. */
  announce(adapter: Adapter, options: Omit<AnnounceOptions, "logger"> = {}): AnnouncedService {
    const worker = { ...this.#workerOptions(), ...options.worker, handleSignals: false };
    const service = new AnnouncedService(adapter, { ...options, worker, logger: this.logger }, this.#ports());
    this.#services.push(service);
    if (this.#starting !== undefined) this.#startService(service);
    return service;
  }

  /** Opens the client, and starts the rest without waiting for the platform. */
  start(): Promise<void> {
    // The parts that start here must not belong to a request.
    this.#starting ??= this.asApplication(() => this.#start());
    return this.#starting;
  }

  /** Stops after the running tasks. */
  stop(): Promise<void> {
    this.#stopping ??= this.asApplication(() => this.#stop());
    return this.#stopping;
  }

  health(): EmbeddedHealth {
    const services = this.#services.map(({ adapter, worker, health }) => [
      adapter.name,
      health.isHealthy ? linkHealth(worker, undefined) : degraded(health.reason ?? ""),
    ]);
    const parts: Record<string, PartHealth> = {
      ...(this.#worker !== undefined && { worker: linkHealth(this.#worker, this.#workerFailure) }),
      ...Object.fromEntries(this.#sources),
      ...Object.fromEntries(services),
    };
    const worst = Math.max(0, ...Object.values(parts).map(({ level }) => levels.indexOf(level)));
    return { level: levels[worst] ?? "unhealthy", parts };
  }

  /** Runs a function within a request. Its calls carry the user's token, and are part of the request's trace. */
  during<T>(request: Request, work: () => T): T {
    const { tokenOf = bearerOf } = this.#options;
    return this.#users.during(() => tokenOf(request), this.#tracer.traceOf(request.headers), work);
  }

  /** Runs a function with the token of a user. */
  as<T>(token: string, work: () => T): T {
    return this.#users.during(() => token, this.#users.trace, work);
  }

  /** Runs a function with the token of the application, also within a request. */
  asApplication<T>(work: () => T): T {
    return this.#users.asApplication(work);
  }

  async #start(): Promise<void> {
    const { client, sources = [] } = this.#options;
    const tutti = await connect(
      { ...client, accessToken: () => this.#users.token(), logger: this.logger },
      { variables: this.#variables, tracer: this.#tracer.tracer },
    );
    this.#client = tutti;
    if (this.#worker !== undefined) this.#startWorker(this.#worker);
    for (const service of this.#services) this.#startService(service);
    for (const source of sources) this.#startSource(source, tutti);
  }

  #startWorker(worker: Worker): void {
    worker.start().catch((error: unknown) => {
      if (this.#stopping !== undefined) return;
      this.#workerFailure = error instanceof Error ? error : new Error(String(error));
      this.logger.error("the worker did not start", { error });
    });
  }

  #startService(service: AnnouncedService): void {
    service.start().catch((error: unknown) => {
      if (this.#stopping === undefined)
        this.logger.error("the worker of a service did not start", { service: service.adapter.name, error });
    });
  }

  #startSource(source: Source, tutti: Tutti): void {
    const { name } = source;
    this.#sources.set(name, healthy);
    const onInterruption = (error: Error | undefined) =>
      void this.#sources.set(name, error === undefined ? healthy : degraded(error.message));
    const run = source
      .run({ tutti, signal: this.#ended.signal, logger: this.logger, onInterruption })
      .catch((error: unknown) => {
        this.#sources.set(name, { level: "unhealthy", reason: reasonOf(error) });
        this.logger.error("a source has ended", { source: name, error });
      });
    this.#running.push(run);
  }

  async #stop(): Promise<void> {
    this.#ended.abort();
    await this.#starting?.catch(() => {});
    await Promise.all(this.#running);
    await Promise.all([
      ...this.#services.map((service) => service.stop().catch(() => {})),
      this.#worker?.stop("the application stops").catch(() => {}),
    ]);
    await this.#client?.close();
  }

  #workerOptions(): WorkerOptions {
    const { worker } = this.#options;
    const credentials = {
      ...worker?.credentials,
      ...(this.#accessToken !== undefined && { accessToken: this.#accessToken }),
    };
    return {
      connect: ({ address, namespace }) =>
        connect(
          { ...this.#options.client, address, namespace, ...credentials },
          { variables: this.#variables },
        ),
      ...worker,
      credentials,
      handleSignals: false,
    };
  }

  #ports(): Partial<WorkerPorts> {
    return { logger: this.logger, variables: this.#variables };
  }
}

/** Each task is a span of the application, and belongs to no request. */
class TracedWorker extends Worker {
  readonly #tracer: ForeignTracer;

  constructor(options: WorkerOptions, ports: Partial<WorkerPorts>, tracer: ForeignTracer) {
    super(options, ports);
    this.#tracer = tracer;
  }

  override handle(capability: unknown, handler: unknown, options: HandleOptions = {}): this {
    // The signatures of the worker have checked the caller's arguments.
    const named = capability as string | Capability;
    const name = typeof named === "string" ? named : named.name;
    const traced: Handler = (input, task) =>
      this.#tracer.aroundTask(name, task.trace, () => (handler as Handler)(input, task));
    return super.handle(named as string, traced, options);
  }
}

function linkHealth(worker: Worker, failure: Error | undefined): PartHealth {
  if (failure !== undefined || worker.state === "failed")
    return { level: "unhealthy", reason: failure?.message ?? "the worker was refused" };
  return worker.isLinked ? healthy : degraded("no link to the platform");
}

function degraded(reason: string): PartHealth {
  return { level: "degraded", reason };
}
