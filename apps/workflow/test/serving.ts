import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { workflow } from "../src/service.ts";

/** A process with the service and a data directory of its own; it takes its directory along when it is disposed of. */
export class Serving implements AsyncDisposable {
  readonly #directory: string;
  #host: ServiceHost;

  static async open(): Promise<Serving> {
    const directory = await mkdtemp(join(tmpdir(), "workflow-"));
    const serving = new Serving(directory, await openHost(directory));
    await serving.#host.start();
    return serving;
  }

  private constructor(directory: string, host: ServiceHost) {
    this.#directory = directory;
    this.#host = host;
  }

  get host(): ServiceHost {
    return this.#host;
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
  const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
  return ServiceHost.open({
    ...{ name: "workflow", version: "0.1.0", services: [workflow] },
    sources: memorySources({ arguments: flags }),
    dataDirectory: () => directory,
  });
}
