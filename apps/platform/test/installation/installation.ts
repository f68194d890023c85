import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { services } from "../../src/service.ts";

/** All services in one process, with a data directory of its own, which goes when it is disposed of. */
export class Installation implements AsyncDisposable {
  readonly #directory: string;
  #host: ServiceHost;

  static async open(): Promise<Installation> {
    const directory = await mkdtemp(join(tmpdir(), "installation-"));
    const installation = new Installation(directory, await openHost(directory));
    await installation.#host.start();
    return installation;
  }

  private constructor(directory: string, host: ServiceHost) {
    this.#directory = directory;
    this.#host = host;
  }

  get host(): ServiceHost {
    return this.#host;
  }

  /** Where workers find it. */
  get address(): string {
    return this.#host.mesh.address ?? "";
  }

  /** As after a stop in good order: another process on the same directory. */
  async restart(): Promise<void> {
    await this.#host.stop();
    this.#host = await openHost(this.#directory);
    await this.#host.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.stop();
    await rm(this.#directory, { recursive: true });
  }
}

function openHost(directory: string): Promise<ServiceHost> {
  const flags = [
    "--mesh.transport=grpc",
    "--mesh.listen=127.0.0.1:0",
    "--operations.port=0",
    "--log.level=fatal",
  ];
  return ServiceHost.open({
    ...{ name: "platform", version: "0.1.0", services },
    sources: memorySources({ arguments: flags }),
    dataDirectory: () => directory,
  });
}
