import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memorySources } from "@tutti/kernel";
import { ServiceHost } from "../service-host.ts";
import type { ServiceModule } from "../service-module.ts";

export interface KeptHostOptions {
  readonly name: string;
  readonly services: readonly ServiceModule[];
  readonly transport: "in-process" | "grpc";
  /** Flags of its first life. */
  readonly words?: readonly string[];
}

/** A process in memory with a data directory of its own, which goes when it is disposed of. */
export class KeptHost implements AsyncDisposable {
  readonly #directory: string;
  readonly #options: KeptHostOptions;
  #host: ServiceHost;

  static async open(options: KeptHostOptions): Promise<KeptHost> {
    const directory = await mkdtemp(join(tmpdir(), `${options.name}-`));
    const kept = new KeptHost(directory, options, await openHost(directory, options, options.words));
    await kept.#host.start();
    return kept;
  }

  private constructor(directory: string, options: KeptHostOptions, host: ServiceHost) {
    this.#directory = directory;
    this.#options = options;
    this.#host = host;
  }

  get directory(): string {
    return this.#directory;
  }

  get host(): ServiceHost {
    return this.#host;
  }

  /** Where it is called from outside; empty where it cannot be. */
  get address(): string {
    return this.#host.mesh.address ?? "";
  }

  /** As after a stop in good order: another process on the same directory. */
  async restart(words: readonly string[] = []): Promise<void> {
    await this.#host.stop();
    this.#host = await openHost(this.#directory, this.#options, words);
    await this.#host.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.stop();
    await rm(this.#directory, { recursive: true });
  }
}

function openHost(
  directory: string,
  { name, services, transport }: KeptHostOptions,
  words: readonly string[] = [],
): Promise<ServiceHost> {
  const flags = [
    `--mesh.transport=${transport}`,
    "--mesh.listen=127.0.0.1:0",
    "--operations.port=0",
    "--log.level=fatal",
    ...words,
  ];
  const sources = memorySources({ arguments: flags });
  return ServiceHost.open({ name, version: "0.1.0", services, sources, dataDirectory: () => directory });
}
