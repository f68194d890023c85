/** Services as processes of their own that share what they own over a NATS server, found by a registry. */
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

/** The system account alone can see whether a server syncs before it acknowledges. */
const configuration = `max_payload: 8MB
system_account: SYS
no_auth_user: tutti
accounts {
  SYS { users: [{ user: system, password: seen }] }
  TUTTI { jetstream: enabled, users: [{ user: tutti, password: kept }] }
}`;

export class ServiceCluster implements AsyncDisposable {
  readonly #server: NatsServer;
  readonly #folder: Folder;
  readonly #processes: Service[] = [];
  #registry: Service | undefined;

  private constructor(server: NatsServer, folder: Folder) {
    this.#server = server;
    this.#folder = folder;
  }

  /** With a registry, and nothing else yet. */
  static async open(): Promise<ServiceCluster> {
    const server = await startNatsServer({ jetstream: "sync_interval: always", configuration });
    const cluster = new ServiceCluster(server, await makeFolder());
    cluster.#registry = await cluster.join("registry");
    return cluster;
  }

  /** One more process of a service; with the name of one that has ended it has what that one kept. */
  async join(service: ServiceName, name: string = service): Promise<Service> {
    const directory = `${this.#folder.path}/${name}`;
    await mkdir(directory, { recursive: true });
    const flags = [
      ...["--ownership.kind=leased", "--ownership.partitions=4", "--cluster.system.user=system"],
      ...["--cluster.system.password=env:TEST_SYSTEM_PASSWORD", `--cluster.copies=${directory}`],
      ...usingNats(this.#server.address).slice(service === "registry" ? 0 : 1),
      ...(this.#registry === undefined ? [] : [registriesAt(this.#registry)]),
    ];
    const environment = { TEST_SYSTEM_PASSWORD: "seen" };
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
