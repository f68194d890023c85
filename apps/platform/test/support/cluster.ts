/** Services as separate processes that share their data over a NATS server and find each other by a registry. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { type NatsServer, startNatsServer } from "@tutti/nats/testing";
import {
  type Folder,
  makeFolder,
  registriesAt,
  type Service,
  type ServiceName,
  start,
  usingNats,
} from "./services.ts";

/** Only the system account can read whether a server syncs before it acknowledges. */
const configuration = `max_payload: 8MB
system_account: SYS
no_auth_user: tutti
accounts {
  SYS { users: [{ user: system, password: seen }] }
  TUTTI { jetstream: enabled, users: [{ user: tutti, password: kept }] }
}`;

/** Starts a single server that shares data between processes. */
export function startSharedServer(): Promise<NatsServer> {
  return startNatsServer({ jetstream: "sync_interval: always", configuration });
}

/** Partitions of each service. */
export const partitions = 4;
const environment = { TEST_SYSTEM_PASSWORD: "seen" };

export function sharingArgs(copies: string): string[] {
  return [
    ...["--ownership.kind=leased", `--ownership.partitions=${partitions}`, "--cluster.system.user=system"],
    ...["--cluster.system.password=env:TEST_SYSTEM_PASSWORD", `--cluster.copies=${copies}`],
  ];
}

/** Starts one more platform that shares its data with the others of the server. */
export function joinPlatform(
  server: NatsServer,
  folder: Folder,
  name: string,
  ...more: readonly string[]
): Promise<Service> {
  const directory = `${folder.path}/${name}`;
  const flags = [
    ...sharingArgs(directory),
    ...[`--platform.dataDirectory=${directory}`, ...usingNats(server.address), ...more],
  ];
  return start("platform", flags, { directory: folder.path, environment });
}

export class ServiceCluster implements AsyncDisposable {
  readonly #server: NatsServer;
  readonly #folder: Folder;
  readonly #processes: Service[] = [];
  #registry: Service | undefined;

  private constructor(server: NatsServer, folder: Folder) {
    this.#server = server;
    this.#folder = folder;
  }

  /** Opens a cluster with only a registry. */
  static async open(): Promise<ServiceCluster> {
    const server = await startSharedServer();
    const cluster = new ServiceCluster(server, await makeFolder());
    cluster.#registry = await cluster.join("registry");
    return cluster;
  }

  get registry(): Service {
    assert(this.#registry !== undefined, "a cluster is opened with a registry");
    return this.#registry;
  }

  /** Folder for the private data of the processes. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Starts one more process of a service. With the name of an ended process, it uses the data of that process. */
  async join(service: ServiceName, name: string = service, ...more: readonly string[]): Promise<Service> {
    const directory = `${this.#folder.path}/${name}`;
    await mkdir(directory, { recursive: true });
    const flags = [
      ...sharingArgs(directory),
      ...usingNats(this.#server.address).slice(service === "registry" ? 0 : 1),
      ...(this.#registry === undefined ? [] : [registriesAt(this.#registry)]),
      ...more,
    ];
    const joined = await start(service, flags, { directory, environment });
    this.#processes.push(joined);
    return joined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.toReversed()) await process[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
