/**
 * Service-to-service calls of one process: typed clients, and a server, over direct calls or gRPC according to the
 * configuration. A component of its process: `start` listens, `drain` sends callers from outside elsewhere and finishes
 * running work, `stop` ends the rest.
 */
import type { ServiceDescription } from "@tutti/contracts/rpc";
import {
  type Component,
  degraded,
  type Foundation,
  type Health,
  healthy,
  IdSource,
  localAdministrator,
  type Ownership,
  type Principal,
  systemFoundation,
} from "@tutti/kernel";
import { Deadlines } from "./calls/deadlines.ts";
import type { MethodOptions } from "./calls/method.ts";
import { callCancelled } from "./calls/stopping.ts";
import { MeshClient } from "./client/mesh-client.ts";
import type { Client } from "./client/types.ts";
import type { Discovery, Instance } from "./discovery/discovery.ts";
import { InProcessNetwork } from "./discovery/in-process.ts";
import { LayeredDiscovery } from "./discovery/layered.ts";
import { StaticDiscovery } from "./discovery/static.ts";
import { meshErrors } from "./errors.ts";
import { healthContract } from "./health/health-contract.ts";
import { HealthService } from "./health/health-service.ts";
import { type Gate, localAuthorizer, localIdentity } from "./interceptors/identity.ts";
import { serveReflection } from "./reflection/reflection-service.ts";
import { soleOwnership } from "./routing/memory-ownership.ts";
import { MeshServer, type ServeOptions } from "./server/mesh-server.ts";
import type { ServerCall } from "./server/server-call.ts";
import type { Handlers } from "./server/types.ts";
import { type MeshSettings, type MeshSettingsInput, resolveMeshSettings } from "./settings.ts";
import { GrpcSide } from "./transport/grpc-side.ts";
import { HttpSide, isUrl } from "./transport/http-side.ts";
import { InProcessLink } from "./transport/in-process/link.ts";
import type { Link } from "./transport/link.ts";

export interface MeshOptions {
  /** The section `mesh` of the configuration. */
  readonly settings?: MeshSettingsInput;
  readonly foundation?: Partial<Foundation>;
  /** Finds instances of other processes. This process's own instances and the configured peers come first. */
  readonly discovery?: Discovery;
  /** Owners of the objects of keyed calls. By default this process owns everything. */
  readonly ownership?: Ownership;
  /** The servers for direct calls. Meshes of one process may share it. */
  readonly network?: InProcessNetwork;
  /** Principal of this process's own calls. */
  readonly principal?: Principal;
  /** Decides which callers may call, and how much. By default every caller is the administrator of this machine. */
  readonly gate?: Partial<Gate>;
  /** Returns the key or token for other processes. Called for each call. */
  readonly credential?: () => string;
  /**
   * Whether servers of the network are called like servers of another process: with the credential, by bytes. Default:
   * false, like a service of the same process.
   */
  readonly outside?: boolean;
  /** Freezes the messages of in-process calls: for tests. */
  readonly freeze?: boolean;
}

export class Mesh implements Component {
  readonly settings: MeshSettings;
  readonly server: MeshServer;
  readonly clients: MeshClient;
  /** The servers of this process. */
  readonly network: InProcessNetwork;
  /** State of this process and its services in `grpc.health.v1`. */
  readonly healthService: HealthService;
  readonly #foundation: Foundation;
  readonly #discovery: LayeredDiscovery;
  readonly #grpc: GrpcSide;
  readonly #http: HttpSide;
  readonly #ids: IdSource;
  readonly #deadlines: Deadlines;
  readonly #instances = new Map<string, Instance>();
  readonly #freeze: boolean;
  readonly #outside: (() => string) | undefined;
  /** Calls of a program that is treated like another process: they end with it. */
  readonly #running = new Set<ServerCall>();
  #address = "";
  #stopped = false;

  constructor(options: MeshOptions = {}) {
    const {
      principal = localAdministrator,
      gate: { identity = localIdentity, authorizer = localAuthorizer, limiter, changes, requests } = {},
    } = options;
    const settings = resolveMeshSettings(options.settings);
    const foundation = systemFoundation(options.foundation);
    const deadlines = new Deadlines(foundation.clock, foundation.timers);
    this.#deadlines = deadlines;
    const layers = [new StaticDiscovery(settings.peers), ...(options.discovery ? [options.discovery] : [])];
    this.settings = settings;
    this.#foundation = foundation;
    this.#ids = new IdSource(foundation);
    this.#freeze = options.freeze ?? false;
    this.network = options.network ?? new InProcessNetwork();
    const { credential = () => "" } = options;
    this.#outside = options.outside === true ? credential : undefined;
    this.#grpc = new GrpcSide(settings, foundation, credential);
    this.#http = new HttpSide(settings, foundation, credential);
    this.server = new MeshServer({
      settings,
      foundation,
      deadlines,
      gate: { identity, authorizer, limiter, changes, requests },
    });
    this.#discovery = new LayeredDiscovery(
      settings.transport === "in-process" ? [this.network] : [this.network, ...layers],
    );
    this.clients = new MeshClient({
      settings,
      foundation,
      deadlines,
      principal,
      discovery: this.#discovery,
      ownership: options.ownership ?? soleOwnership("this-process"),
      link: (instance) => this.#link(instance),
      prepare: (instances) => this.#prepare(instances),
    });
    this.healthService = new HealthService(this.server);
    this.server.onService((_contract, service, [first]) => {
      if (first?.method.builtin !== true) this.#appear(service);
    });
  }

  /** Returns a typed client for a contract. */
  client<S extends ServiceDescription>(description: S, options?: MethodOptions): Client<S> {
    return this.clients.client(description, options);
  }

  /** Serves a contract with one handler per method. */
  serve<S extends ServiceDescription>(
    description: S,
    handlers: Handlers<S>,
    options?: ServeOptions<S>,
  ): void {
    this.server.serve(description, handlers, options);
  }

  /** The services of this process, each as a separate instance. */
  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Returns the known instances of a service in other processes. */
  othersOf(service: string): readonly Instance[] {
    const own = new Set(this.instances.map(({ id }) => id));
    const known = this.#discovery.everyInstanceOf(service);
    return known.filter(({ id, address }) => !own.has(id) && address !== this.#address);
  }

  /** Returns whether any known process, this one or another, serves it. */
  knows(service: string): boolean {
    return this.instances.some((own) => own.service === service) || this.othersOf(service).length > 0;
  }

  /** Address of this process. Empty until it listens. */
  get address(): string {
    return this.#address;
  }

  async start(): Promise<void> {
    if (this.settings.transport === "in-process") return;
    this.healthService.serve();
    serveReflection(this.server);
    this.#address = await this.#grpc.listen(this.server);
    this.#foundation.logger.info("mesh listening", { address: this.#address, tls: this.settings.tls.mode });
    for (const instance of this.instances) this.#enter({ ...instance, address: this.#address });
  }

  /** Calls from this process itself continue: services that stop one after the other still need each other. */
  async drain(signal?: AbortSignal): Promise<void> {
    const { load } = this.server;
    load.refuse("others");
    this.healthService.drain();
    // A stream that resumes from its position loses nothing, and would otherwise never end.
    load.stop(({ method }) =>
      method.rpc.repeat === "resumes" && method.contract !== healthContract.name
        ? meshErrors.draining({ rpc: method.label })
        : undefined,
    );
    const { timers } = this.#foundation;
    await new Promise<void>((resolve) => {
      const timer = timers.after(this.settings.timeouts.drainMs, resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
      Promise.all([this.#grpc.close(), load.idle()]).then(() => {
        timer.cancel();
        resolve();
      });
      if (signal?.aborted) resolve();
    });
    load.stop(({ method }) => meshErrors.interrupted({ rpc: method.label }));
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const { load } = this.server;
    load.refuse("all");
    this.healthService.drain();
    for (const instance of this.instances) this.network.detach(instance);
    load.stop(({ method }) => meshErrors.interrupted({ rpc: method.label }));
    this.#grpc.stop();
    this.clients.stop();
    for (const call of this.#running) call.stop(callCancelled(call.method));
    this.#deadlines.stop();
  }

  health(): Health {
    const { calls, streams } = this.server.load;
    const details = { address: this.#address, calls, streams };
    const { problem } = this.#grpc;
    return problem === "" ? { ...healthy, details } : degraded(problem, details);
  }

  #appear(service: string): void {
    if (this.#instances.has(service)) return;
    const id = this.#ids.newId("inst");
    this.#enter({ id, service, address: this.#address, draining: false });
  }

  #enter(instance: Instance): void {
    this.#instances.set(instance.service, instance);
    // Over gRPC only listening instances can be called.
    if (this.settings.transport !== "grpc" || instance.address !== "")
      this.network.attach(instance, this.server);
  }

  #link(instance: Instance): Link {
    const server = this.settings.transport === "grpc" ? undefined : this.network.serverOf(instance);
    const { transport } = this.settings;
    if (server === undefined && transport === "in-process") {
      throw meshErrors.instanceAway({ service: instance.service, instance: instance.id });
    }
    if (server === undefined && isUrl(instance.address)) return this.#http.link(instance.address);
    // An owner with an empty address is this process itself.
    if (server === undefined) return this.#grpc.link(instance.address || this.#address);
    const { clock } = this.#foundation;
    const { messageBytes } = this.settings.limits;
    return new InProcessLink(server, {
      clock,
      messageBytes,
      freeze: this.#freeze,
      outside: this.#outside,
      running: this.#running,
    });
  }

  #prepare(instances: readonly Instance[]): Promise<void> | undefined {
    const { transport } = this.settings;
    if (transport === "in-process") return undefined;
    const remote = instances.filter((each) => transport === "grpc" || !this.network.serverOf(each));
    const http = remote.some(({ address }) => isUrl(address)) ? this.#http.prepare() : undefined;
    const grpc = remote.some(({ address }) => !isUrl(address)) ? this.#grpc.prepare() : undefined;
    return http && grpc ? Promise.all([http, grpc]).then(() => {}) : (http ?? grpc);
  }
}
