import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { swarm } from "../../src/service.ts";

/** A swarm process in this one, on a free port, under virtual time: nothing is silent for long unless a test says so. */
export class SwarmHost implements AsyncDisposable {
  readonly host: ServiceHost;
  readonly time: VirtualTime;

  private constructor(host: ServiceHost, time: VirtualTime) {
    this.host = host;
    this.time = time;
  }

  static async start(...flags: readonly string[]): Promise<SwarmHost> {
    const time = new VirtualTime();
    const isListening = flags.some((flag) => flag.startsWith("--mesh.listen="));
    const listen = isListening ? [] : ["--mesh.listen=127.0.0.1:0"];
    const all = [...listen, "--operations.port=0", "--log.level=fatal", ...flags];
    const host = await ServiceHost.open({
      name: "swarm",
      version: "0.1.0",
      services: [swarm],
      sources: memorySources({ arguments: all }),
      ports: { clock: time, timers: time },
    });
    await host.start();
    return new SwarmHost(host, time);
  }

  get address(): string {
    return this.host.mesh.address;
  }

  /** Lets time pass, and everything that waits for it go on. */
  async pass(ms: number): Promise<void> {
    await this.time.advanceAsync(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.host.stop();
    await this.time.settle(stopped).catch(() => stopped);
  }
}
