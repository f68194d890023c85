import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceHost } from "@tutti/host";
import { memorySources, sleep, systemFoundation } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { swarm } from "../../src/service.ts";

/** A swarm process in this one, on a free port, under virtual time: nothing is silent for long unless a test says so. */
export class SwarmHost implements AsyncDisposable {
  readonly host: ServiceHost;
  readonly time: VirtualTime;
  readonly #directory: string;

  private constructor(host: ServiceHost, time: VirtualTime, directory: string) {
    this.host = host;
    this.time = time;
    this.#directory = directory;
  }

  static async start(...flags: readonly string[]): Promise<SwarmHost> {
    const time = new VirtualTime();
    const isListening = flags.some((flag) => flag.startsWith("--mesh.listen="));
    const listen = isListening ? [] : ["--mesh.listen=127.0.0.1:0"];
    const all = [...listen, "--operations.port=0", "--log.level=fatal", ...flags];
    const directory = await mkdtemp(join(tmpdir(), "swarm-"));
    const host = await ServiceHost.open({
      name: "swarm",
      version: "0.1.0",
      services: [swarm],
      sources: memorySources({ arguments: all }),
      dataDirectory: () => directory,
      ports: { clock: time, timers: time },
    });
    await host.start();
    return new SwarmHost(host, time, directory);
  }

  get address(): string {
    return this.host.mesh.address;
  }

  /** Lets time pass, and everything that waits for it continue. */
  async pass(ms: number): Promise<void> {
    await this.time.advanceAsync(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.host.stop();
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    stopped.then(over, over);
    // Its storage is on a real disk, which needs real time while virtual time continues.
    const { timers } = systemFoundation();
    while (!isOver) {
      await this.time.advanceAsync(10);
      await sleep(timers, 2);
    }
    await stopped;
    await rm(this.#directory, { recursive: true });
  }
}
