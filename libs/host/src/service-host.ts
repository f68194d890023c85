/**
 * The parts of every service process: configuration, telemetry, operations endpoints, NATS if needed, the bus,
 * discovery, the services, and the mesh that calls and serves. The embedded platform is a host with all services. Any
 * other process is a host with a single service.
 *
 * Order of start, and of stop in reverse: the operations endpoints come first, so that probes are answered while the
 * rest starts and stops. The data directory comes before the services. The mesh listens when its services exist.
 * Partitions are owned when they can be called. The process is registered last, and deregistered first.
 */
import { resolve } from "node:path";
import { type Bus, MemoryBus } from "@tutti/bus";
import { componentService, registryService } from "@tutti/contracts/registry/v1";
import {
  assert,
  type Component,
  type Configuration,
  type ConfigurationSources,
  type Foundation,
  IdSource,
  isTuttiError,
  lifecycleErrors,
  Orchestrator,
  systemFoundation,
} from "@tutti/kernel";
import {
  Announcer,
  type Client,
  Mesh,
  MeshDelivery,
  meshSection,
  RegistryDiscovery,
  type RegistryDiscoveryOptions,
} from "@tutti/mesh";
import type { Effects } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import {
  OperationsServer,
  openTelemetry,
  operationsRoutes,
  operationsSection,
  type Telemetry,
} from "@tutti/telemetry";
import {
  blobLookup,
  blobReader,
  type HasBlob,
  type ReadBlob,
  referredBlobs,
} from "./blobs/referred-blobs.ts";
import { CallTally } from "./calls/call-tally.ts";
import { componentHandlers } from "./components/component-handlers.ts";
import { busSection, loadConfiguration } from "./configuration.ts";
import type { DataDirectory } from "./data-directory.ts";
import { hostErrors } from "./errors.ts";
import type { Guard } from "./guard/guard.ts";
import { openGuard } from "./guard/open-guard.ts";
import { MountedOperations } from "./host-operations.ts";
import { instanceHealthOf } from "./instance-health.ts";
import { TokenKeys } from "./keys/attempt-key.ts";
import { metricHandlers, metricServiceOf, servedMetricService } from "./metrics/metric-handlers.ts";
import { NatsOnDemand } from "./nats-on-demand.ts";
import { PlatformEvents } from "./platform-events.ts";
import { processNameOf } from "./process-name.ts";
import { openPartitionOwner } from "./runtime/open-partition-owner.ts";
import { type Opened, openStorage } from "./runtime/open-storage.ts";
import { OwnedPartitions } from "./runtime/owned-partitions.ts";
import type { HostContext, ServiceModule } from "./service-module.ts";
import { allInstances } from "./serving/instances.ts";
import { sharedStorageOf } from "./storage/cluster/shared-storage.ts";
import { JournalHolds } from "./storage/journal-holds.ts";
import type { ServiceStorage } from "./storage/service-storage.ts";
import type { Storage, StorageParts } from "./storage/storage.ts";

export interface HostOptions {
  /** Name of the process in logs and metrics: `platform`, `registry`. */
  readonly name: string;
  readonly version: string;
  readonly services: readonly ServiceModule[];
  readonly sources: ConfigurationSources;
  /** Returns the directory of machines and of all other durable state. Absent without such state. */
  readonly dataDirectory?: (configuration: Configuration) => string;
  /** Key that selects another directory. Default: `platform.dataDirectory`. */
  readonly dataDirectorySetting?: string;
  /** Ports that replace the system's own. */
  readonly ports?: Partial<Pick<Foundation, "clock" | "timers" | "chance">>;
  /** Returns the directory of the installation's keys. Default: the data directory. */
  readonly keysDirectory?: (configuration: Configuration) => string;
  /** Storage of machines that replaces the data directory or a cluster. */
  readonly storage?: (parts: StorageParts) => Storage;
}

/** Work in progress becomes durable first, even on a busy disk. */
const durableStopMs = 60_000;

/** Without storage there are no blobs. */
const noBlobs = { hasBlob: async () => false, readBlob: async () => undefined };

interface Parts {
  readonly processId: string;
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  readonly foundation: Foundation;
  readonly nats: NatsOnDemand;
  readonly bus: HostBus;
  readonly mesh: Mesh;
  readonly calls: CallTally;
  readonly guard: Guard | undefined;
  readonly partitionOwner: PartitionOwner;
  readonly delivery: MeshDelivery;
  readonly discovery: RegistryDiscovery;
  readonly announcer: Announcer;
  readonly data: Component | undefined;
  readonly keys: Component | undefined;
  readonly storage: Storage | undefined;
  readonly blobs: Component | undefined;
  readonly mounted: MountedOperations;
  readonly services: ReadonlyMap<string, Component>;
}

export class ServiceHost extends Orchestrator {
  readonly processId: string;
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  readonly operations: OperationsServer;
  readonly bus: HostBus;
  readonly mesh: Mesh;

  /** Reads the configuration and assembles everything. Nothing runs before `start`. */
  static async open(options: HostOptions): Promise<ServiceHost> {
    const { version, services: modules } = options;
    const base = await openBase(options, () => nameOf(mesh, services));
    const { configuration, processId, telemetry, foundation, nats } = base;
    const bus = await openBus(configuration, foundation, nats);

    // The mesh finds the registry among its peers or in this process.
    const registry = () => mesh.client(registryService);
    const discovery = discoveryBy(registry, () => announcer, foundation);
    const { partitionOwner, ownership } = await openPartitionOwner({ ...base, address: () => mesh.address });
    const dataDirectory = options.dataDirectory && resolve(options.dataDirectory(configuration));
    const entry = await openGuard({ ...base, dataDirectory, mesh: () => mesh });
    const guard = entry?.guard;
    const settings = configuration.read(meshSection);
    const mesh: Mesh = new Mesh({ settings, foundation, discovery, ownership, ...entry?.forMesh });
    const delivery = new MeshDelivery({ mesh, ownership });
    const holds = new JournalHolds();
    const opened = await openStorage({
      ...base,
      partitionOwner,
      delivery,
      holds,
      services: modules,
      version,
      dataDirectory,
      dataDirectorySetting: options.dataDirectorySetting,
      createStorage: options.storage,
    });
    const services = new Map<string, Component>();
    const announcer: Announcer = new Announcer({
      foundation,
      registry,
      mesh,
      version,
      operationsAddress: () => outsideAddressOf(host.operations, mesh.address),
      healthOf: (service) => instanceHealthOf(services.get(service)),
    });
    const mounted = await mountOperations(configuration, () => host, guard);
    const referred = blobsChecked(opened.storage, mesh);
    const sharedStorage = sharedStorageOf(configuration, foundation);
    const keys = tokenKeysOf(options, base, dataDirectory, sharedStorage);
    const calls = tallyOf(foundation, mesh, processId);
    const running = { ...base, bus, mesh, calls, guard, announcer, partitionOwner, delivery };
    const context = {
      ...running,
      operations: mounted,
      dataDirectory,
      holds,
      sharedStorage,
      ...referred,
      tokens: () => keys.cipher(),
      version,
      nats: () => nats.connection(),
    };
    await createServices(options, services, (module) => contextFor(module, context, opened));
    const blobs = opened.hostBlobs?.({ storage: opened.storage, mesh, foundation, configuration });
    serveOwnMetrics(mesh, services, telemetry, foundation);
    serveComponents(mesh, () => host, registry, foundation);
    const { directory, data, storage } = opened;
    const parts = { ...running, discovery, services, data, storage, blobs, mounted, keys: keys.component };
    const host: ServiceHost = new ServiceHost(options, parts);
    if (directory !== undefined) followHostState(host, directory, services.has("gateway"));
    return host;
  }

  private constructor({ name, version, services }: HostOptions, parts: Parts) {
    const { configuration, telemetry, nats, mesh, bus } = parts;
    super(name, parts.foundation, { scope: "integration", version });
    this.processId = parts.processId;
    this.configuration = configuration;
    this.telemetry = telemetry;
    this.bus = bus;
    this.mesh = mesh;
    this.operations = new OperationsServer({
      ...configuration.read(operationsSection),
      routes: operationsRoutes({ subject: this, registry: telemetry.metrics, access: parts.mounted.access }),
      proxies: configuration.read(operationsSection),
      handler: parts.mounted.handler,
      logger: this.logger,
    });

    this.register("telemetry", telemetry, { scope: "core", critical: false });
    this.register("configuration", this.#configurationWatch(), { scope: "core", critical: false });
    this.register("operations", this.operations, { scope: "core" });
    // Awaited without a timeout. Meanwhile the process lives and is not ready.
    const patient = { scope: "integration", startTimeoutMs: Number.POSITIVE_INFINITY } as const;
    const connection = nats.finalize();
    if (connection !== undefined) this.register("nats", connection, patient);
    this.register("bus", bus, patient);
    const platformEvents = new PlatformEvents(bus, parts.foundation, parts.processId);
    platformEvents.followSettings(configuration);
    platformEvents.followBreakers(mesh);
    this.register("platform-events", platformEvents, { scope: "integration", critical: false });
    // Storage starts before the services that use it, and ends after them.
    const { data } = parts;
    const unhurried = { stopTimeoutMs: durableStopMs };
    if (data !== undefined) this.register("data", data, { ...patient, ...unhurried });
    if (parts.keys !== undefined) this.register("attempt-key", parts.keys, patient);
    // Directly before the services: a registry of this process would be called before it exists.
    this.register("discovery", parts.discovery, { scope: "integration", critical: false });
    const outermost = new Set(services.filter(({ isOutermost }) => isOutermost).map((each) => each.name));
    for (const [service, component] of parts.services) {
      this.register(service, component, outermost.has(service) ? { dependsOn: ["announcer"] } : {});
      // Callers switch to other instances as soon as they learn of it, not a third of a lease later.
      if (!(component instanceof Orchestrator)) continue;
      component.on("healthChanged", () => parts.announcer.announce());
      platformEvents.follow(service, component);
    }
    const { storage } = parts;
    // No caller calls any more, and the services still exist for the effects of their machines.
    if (storage !== undefined) this.register("machines", { stop: () => storage.stopRuntimes() }, unhurried);
    this.register("mesh", mesh, { scope: "integration" });
    reportReadiness(this, mesh);
    // Partitions are owned once they can be called, and handed over while they still can.
    this.register("ownership", parts.partitionOwner, patient);
    if (storage !== undefined)
      this.register(
        "partitions",
        new OwnedPartitions(parts.partitionOwner, storage.runtimes, parts.foundation, storage.rebuilt),
        patient,
      );
    if (parts.blobs !== undefined) this.register("blobs", parts.blobs, { critical: false });
    // Its dependencies have started by then. Earlier calls use the stored bundle.
    const { guard } = parts;
    if (guard !== undefined) this.register("access", guard, { scope: "integration", critical: false });
    this.register(
      "delivery",
      { stop: () => parts.delivery.stop() },
      { scope: "integration", critical: false },
    );
    this.register("calls", parts.calls, { scope: "integration", critical: false });
    this.register("announcer", parts.announcer, { scope: "integration", critical: false });
  }

  /**
   * URL of health, status and metrics for programs on this machine: `http://127.0.0.1:7400`. Empty until they are
   * served.
   */
  get url(): string {
    const address = addressOf(this.operations);
    return address === ""
      ? ""
      : `http://${address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")}`;
  }

  #configurationWatch(): Component {
    let stop = () => {};
    return {
      start: () => {
        stop = this.configuration.watch({ timers: this.foundation.timers, logger: this.logger });
      },
      stop: () => stop(),
    };
  }
}

/** Configuration, telemetry and NATS, on which everything else of a process depends. */
async function openBase(
  { name, version, services, sources, ports: given }: HostOptions,
  processName: () => string,
) {
  const configuration = loadConfiguration(services, sources);
  const ports = systemFoundation(given);
  const ids = new IdSource(ports);
  const processId = ids.newId("proc");
  const process = { service: name, instance: processId, version, processName };
  const telemetry = await openTelemetry({ ...ports, ...process, configuration });
  const { logger, metrics, tracer } = telemetry;
  const foundation = { ...ports, logger, metrics, tracer, configuration };
  const nats = new NatsOnDemand(configuration, foundation);
  return { configuration, ids, processId, telemetry, foundation, nats };
}

function tokenKeysOf(
  { keysDirectory }: HostOptions,
  { configuration, foundation, nats }: Awaited<ReturnType<typeof openBase>>,
  dataDirectory: string | undefined,
  sharedStorage: ReturnType<typeof sharedStorageOf>,
): TokenKeys {
  return new TokenKeys(() => ({
    foundation,
    dataDirectory,
    keysDirectory: keysDirectory?.(configuration) ?? "",
    shared: sharedStorage && { connection: nats.connection(), replicas: sharedStorage.replicas },
  }));
}

function mountOperations(
  configuration: Configuration,
  host: () => ServiceHost,
  guard: Guard | undefined,
): Promise<MountedOperations> {
  const place = { url: () => host().url, subject: () => host() };
  return MountedOperations.open(configuration.read(operationsSection), place, guard);
}

/** Returns discovery from the registry, for which the end of the stream means that this process is gone. */
function discoveryBy(
  registry: RegistryDiscoveryOptions["registry"],
  announcer: () => Announcer,
  foundation: Foundation,
): RegistryDiscovery {
  return new RegistryDiscovery({
    foundation,
    registry,
    onNewHistory: () => announcer().register(),
    instanceIds: () => announcer().ids,
    onBroken: () => announcer().announce(),
  });
}

/** Reports readiness to probes over gRPC. */
function reportReadiness(host: ServiceHost, { healthService }: Mesh): void {
  const report = () => healthService.setReady(host.isReady);
  report();
  host.on("stateChanged", report);
  host.on("healthChanged", report);
}

/**
 * The data directory is released when its process drains. Until then it names the process's address for client
 * requests.
 */
function followHostState(
  host: ServiceHost,
  directory: Pick<DataDirectory, "markStopping" | "serves">,
  hasGateway: boolean,
): void {
  host.on("stateChanged", ({ to }) => {
    if (to.state === "ready" && hasGateway) directory.serves(host.url);
    if (to.state === "draining") directory.markStopping();
  });
}

/** Counts calls from outside. */
function tallyOf(foundation: Foundation, mesh: Mesh, processId: string): CallTally {
  const calls = new CallTally({ foundation, mesh, processId });
  mesh.server.pipeline.register(calls.step());
  return calls;
}

/** Checks references to blobs in requests if blobs are stored here. */
function blobsChecked(
  storage: Storage | undefined,
  mesh: Mesh,
): { readonly hasBlob: HasBlob; readonly readBlob: ReadBlob } {
  if (storage === undefined) return noBlobs;
  const hasBlob = blobLookup(() => storage.blobs, mesh);
  mesh.server.pipeline.register(referredBlobs(hasBlob));
  return { hasBlob, readBlob: blobReader(() => storage.blobs, mesh) };
}

/** Returns the name of this process for others. Empty until it has an address. */
function nameOf(mesh: Mesh, services: ReadonlyMap<string, Component>): string {
  const isComplete = mesh.settings.transport === "in-process" || mesh.address !== "";
  return isComplete ? processNameOf(servicesOf(mesh, services), mesh.address) : "";
}

/** Returns the services of the process. A gateway serves nothing over the mesh. */
function servicesOf(mesh: Mesh, services: ReadonlyMap<string, Component>): readonly string[] {
  const gateway = services.get("gateway") instanceof Orchestrator ? ["gateway"] : [];
  return [...gateway, ...mesh.instances.map((instance) => instance.service)];
}

/**
 * Serves metrics once per process, so that a client which names no service finds them. A gateway serves nothing else.
 */
function serveOwnMetrics(
  mesh: Mesh,
  services: ReadonlyMap<string, Component>,
  { metrics, ring }: Telemetry,
  { clock }: Foundation,
): void {
  const all = () => servicesOf(mesh, services);
  const service = metricServiceOf(all());
  if (service === undefined) return;
  const handlers = metricHandlers({ registry: metrics, ring, clock, services: all });
  mesh.serve(servedMetricService, handlers, { service });
}

/** Serves components under the name of each service, so that any of them reaches the process. */
function serveComponents(
  mesh: Mesh,
  host: () => ServiceHost,
  registry: () => Client<typeof registryService>,
  { clock }: Foundation,
): void {
  const services = () => mesh.instances.map(({ service }) => service);
  const handlers = componentHandlers({
    services,
    clock,
    address: () => mesh.address,
    status: () => host().status(),
    version: () => host().version,
    instances: () => allInstances(registry()),
    clientOf: (service) => mesh.client(componentService, { service }),
  });
  for (const service of new Set(services())) mesh.serve(componentService, handlers, { service });
}

function storageOf(
  { name, machines }: ServiceModule,
  { storage, hostMachines }: Opened,
  { effects, more }: { readonly effects: Effects; readonly more: NonNullable<ServiceModule["machines"]> },
  hosting: Parameters<NonNullable<Opened["hostMachines"]>>[4],
): ServiceStorage {
  assert(machines !== undefined && storage !== undefined, "a service with storage names its machines", {
    service: name,
  });
  return hostMachines(name, [...machines, ...more], storage, effects, hosting);
}

/** Returns the context of a service: its log lines have its name, and its machines are its own. */
function contextFor(
  module: ServiceModule,
  shared: Omit<HostContext, "storage">,
  opened: Opened,
): HostContext {
  const logger = shared.foundation.logger.child({ service: module.name });
  const own = { ...shared, foundation: { ...shared.foundation, logger } };
  return { ...own, storage: (effects, more = []) => storageOf(module, opened, { effects, more }, own) };
}

/** Creates the services in order, each with its context. */
async function createServices(
  { name, services: modules }: HostOptions,
  services: Map<string, Component>,
  contextOf: (module: ServiceModule) => HostContext,
): Promise<void> {
  for (const module of modules) {
    // In a map it would silently replace the one before.
    if (services.has(module.name))
      throw lifecycleErrors.componentTwice({ orchestrator: name, component: module.name });
    services.set(module.name, await created(module, contextOf(module)));
  }
}

async function created(module: ServiceModule, context: HostContext): Promise<Component> {
  try {
    return await module.create(context);
  } catch (error) {
    if (isTuttiError(error)) throw error;
    throw hostErrors.serviceNotMade({ service: module.name, problem: withPlace(error) }, { cause: error });
  }
}

/** Returns the error with its place, which nothing else reports before the process runs. */
function withPlace(error: unknown): string {
  const [, place] = (error instanceof Error && /^\s*(at .+)$/m.exec(error.stack ?? "")) || [];
  return place === undefined ? String(error) : `${String(error)} ${place}`;
}

function addressOf({ address }: OperationsServer): string {
  if (address === undefined) return "";
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Returns the outside address of a server that listens on all addresses: the one that the mesh announces. */
function outsideAddressOf(operations: OperationsServer, meshAddress: string): string {
  const { address } = operations;
  if (address === undefined || !["0.0.0.0", "::"].includes(address.host)) return addressOf(operations);
  const meshHost = meshAddress.slice(0, meshAddress.lastIndexOf(":"));
  return meshHost === "" ? "" : `${meshHost}:${address.port}`;
}

type HostBus = Bus & Component;

/** Returns the bus of the configuration. */
async function openBus(
  configuration: Configuration,
  foundation: Foundation,
  nats: NatsOnDemand,
): Promise<HostBus> {
  const { transport, replicas } = configuration.read(busSection);
  if (transport === "memory") return new MemoryBus({ foundation });
  const { NatsBus } = await import("@tutti/bus/nats");
  return new NatsBus({ connection: await nats.connection(), stream: { replicas } });
}
