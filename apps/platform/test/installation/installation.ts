import type { ServiceHost } from "@tutti/host";
import { RestartableHost } from "@tutti/host/testing";
import { systemChance, systemFoundation } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { type SessionOrchestratorOptions, Worker, type WorkerOptions, type WorkerPorts } from "@tutti/sdk";
import { type ConnectOptions, connect, type Tutti } from "@tutti/sdk/client";
import { MeshTransport } from "@tutti/sdk/in-process";
import { services } from "../../src/service.ts";

type Time = "virtual" | "real";

export interface InstallationOptions {
  /** Default: `Installation.usualTime`, which is `virtual` initially. */
  readonly time?: Time;
  /** True to record series. Default: false, because few tests read them. */
  readonly insight?: boolean;
}

/** All services in one process, and their clients. In virtual time, they share the clock and use no connection. */
export class Installation implements AsyncDisposable {
  /** The default time. `both-ways.io.ts` changes it and runs tests that set no time. */
  static usualTime: Time = "virtual";

  readonly keptHost: RestartableHost;
  readonly #isVirtual: boolean;
  readonly #meshes: Mesh[] = [];
  readonly #workers: Worker[] = [];

  static async open(
    args: readonly string[] = [],
    { time = Installation.usualTime, insight = false }: InstallationOptions = {},
  ): Promise<Installation> {
    const selected = services.filter(({ name }) => name !== "insight" || insight);
    const keptHost = await RestartableHost.open({
      name: "installation",
      services: selected,
      transport: "grpc",
      time,
      flags: args,
    });
    return new Installation(keptHost, time === "virtual");
  }

  private constructor(keptHost: RestartableHost, isVirtual: boolean) {
    this.keptHost = keptHost;
    this.#isVirtual = isVirtual;
  }

  get host(): ServiceHost {
    return this.keptHost.host;
  }

  get directory(): string {
    return this.keptHost.directory;
  }

  /** The gRPC address. Empty in virtual time. */
  get address(): string {
    return this.keptHost.address;
  }

  /** The address of the REST API, in real time. */
  get url(): string {
    return this.host.url;
  }

  /** Returns the time of the installation's clock. */
  now(): number {
    return this.keptHost.clock.now();
  }

  pass(ms: number): Promise<void> {
    return this.keptHost.pass(ms);
  }

  restart(args: readonly string[] = []): Promise<void> {
    return this.keptHost.restart(args);
  }

  /** Creates a worker. It links after its start, and ends by `stop` or with the installation. */
  worker(
    options: Omit<WorkerOptions, "address" | "handleSignals">,
    ports: Partial<WorkerPorts> = {},
  ): Worker {
    const { clock, timers } = this.keptHost;
    const { foundation: _, transport, ...where } = this.link(options.credentials?.accessToken);
    const connect = ({ namespace }: { readonly namespace: string }) => this.client({ namespace });
    const worker = new Worker(
      { ...(transport !== undefined && { connect }), ...options, ...where, handleSignals: false },
      { clock, timers, ...(transport && { transport }), ...ports },
    );
    this.#workers.push(worker);
    return worker;
  }

  /** Returns the link options for a user's orchestrator. */
  link(accessToken = ""): Pick<SessionOrchestratorOptions, "address" | "foundation" | "transport"> {
    if (!this.#isVirtual) return { address: this.address };
    const { clock, timers } = this.keptHost;
    return {
      address: "in-process:0",
      foundation: systemFoundation({ clock, timers }),
      transport: ({ namespace }) => Promise.resolve(new MeshTransport(this.#outside(accessToken), namespace)),
    };
  }

  client(options: Omit<ConnectOptions, "address"> = {}): Promise<Tutti> {
    const { clock, timers } = this.keptHost;
    if (!this.#isVirtual) return connect({ ...options, address: this.address });
    return connect(options, { clock, timers, network: this.host.mesh.network });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A failed test has not stopped its workers. A running worker would keep the process alive.
    await Promise.allSettled(this.#workers.map((worker) => worker.stop("the test is over")));
    for (const mesh of this.#meshes) await mesh.stop();
    await this.keptHost[Symbol.asyncDispose]();
  }

  /** Creates a mesh that calls the installation like a program in another process. */
  #outside(accessToken: string): Mesh {
    const { clock, timers } = this.keptHost;
    const mesh = new Mesh({
      settings: { transport: "in-process" },
      foundation: { clock, timers, chance: systemChance },
      ...{ network: this.host.mesh.network, outside: true, credential: () => accessToken },
    });
    this.#meshes.push(mesh);
    return mesh;
  }
}
