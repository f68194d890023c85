import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, memorySources, sleep, systemClock, systemTimers, type Timers } from "@tutti/kernel";
import { RunningTime } from "@tutti/kernel/testing";
import { ServiceHost } from "../service-host.ts";
import type { ServiceModule } from "../service-module.ts";
import { MemoryData, MemoryStorage } from "./memory-storage.ts";

export interface RestartableHostOptions {
  readonly name: string;
  readonly services: readonly ServiceModule[];
  /** Always `in-process` in virtual time. */
  readonly transport: "in-process" | "grpc";
  /**
   * `virtual`: time that runs by itself, machines in memory, calls without a connection. `real`, the default: the
   * system's time, the disk, the transport.
   */
  readonly time?: "virtual" | "real";
  /** Flags of its first life. */
  readonly flags?: readonly string[];
}

/** Linux files in memory, so that nothing waits for a disk. */
const memoryFiles = "/dev/shm";

/** Data that outlives a process of a test. */
interface HostData {
  readonly directory: string;
  readonly memory: MemoryData;
  readonly running: (Disposable & { readonly time: RunningTime }) | undefined;
}

/** A process in memory with its own data directory, which is removed when it is disposed of. */
export class RestartableHost implements AsyncDisposable {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly #data: HostData;
  readonly #options: RestartableHostOptions;
  #host: ServiceHost;

  static async open(options: RestartableHostOptions): Promise<RestartableHost> {
    const running = options.time === "virtual" ? RunningTime.open() : undefined;
    const place = running !== undefined && existsSync(memoryFiles) ? memoryFiles : tmpdir();
    const directory = await mkdtemp(join(place, `${options.name}-`));
    const grounds = { directory, memory: new MemoryData(), running };
    const created = new RestartableHost(grounds, options, await openHost(grounds, options, options.flags));
    await created.#host.start();
    return created;
  }

  private constructor(grounds: HostData, options: RestartableHostOptions, host: ServiceHost) {
    this.clock = grounds.running?.time ?? systemClock;
    this.timers = grounds.running?.time ?? systemTimers;
    this.#data = grounds;
    this.#options = options;
    this.#host = host;
  }

  get directory(): string {
    return this.#data.directory;
  }

  /** Content of its blob store, which is in memory in virtual time. */
  get blobs(): MemoryData["blobs"]["blobs"] {
    return this.#data.memory.blobs.blobs;
  }

  get host(): ServiceHost {
    return this.#host;
  }

  /** Its address for external callers. Empty if it has none. */
  get address(): string {
    return this.#host.mesh.address ?? "";
  }

  /** Resolves when this much of its time has passed. */
  pass(ms: number): Promise<void> {
    return sleep(this.timers, ms);
  }

  /**
   * Runs work that waits for another process. Meanwhile virtual time passes no faster than real time, because it does
   * not see the other process.
   */
  paced<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#data.running?.time.paced(work) ?? work();
  }

  /** Restarts after a graceful stop: a new process on the same directory. */
  async restart(flags: readonly string[] = []): Promise<void> {
    await this.#stop();
    this.#host = await openHost(this.#data, this.#options, flags);
    await this.#host.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    const { directory, running } = this.#data;
    running?.[Symbol.dispose]();
    await rm(directory, { recursive: true });
  }

  #stop(): Promise<void> {
    return this.paced(() => this.#host.stop());
  }
}

function openHost(
  { directory, memory, running }: HostData,
  { name, services, transport }: RestartableHostOptions,
  extraFlags: readonly string[] = [],
): Promise<ServiceHost> {
  const flags = [
    `--mesh.transport=${running === undefined ? transport : "in-process"}`,
    "--mesh.listen=127.0.0.1:0",
    "--operations.port=0",
    "--log.level=fatal",
    ...extraFlags,
  ];
  const sources = memorySources({ arguments: flags });
  return ServiceHost.open({
    ...{ name, version: "0.1.0", services, sources, dataDirectory: () => directory },
    ...(running !== undefined && {
      ports: { clock: running.time, timers: running.time },
      storage: (parts) => new MemoryStorage(parts, memory, directory),
    }),
  });
}
