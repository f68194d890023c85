/** Processes that share the pools by lease, over a NATS server of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { partitionOfPool } from "@tutti/mesh";
import { type NatsServer, startNatsServer } from "@tutti/nats/testing";
import { serviceProgram } from "../../../../tools/fronts.mjs";
import { swarm } from "../../src/service.ts";
import { type AgentHello, helloOf, RawAgent } from "./raw-agent.ts";

export interface Spawned {
  readonly child: ChildProcess;
  readonly address: string;
}

export class Cluster implements AsyncDisposable {
  readonly partitions: number;
  readonly #server: NatsServer;
  readonly #flags: readonly string[];
  readonly #children: ChildProcess[] = [];
  #spaces = 0;

  private constructor(server: NatsServer, partitions: number, flags: readonly string[]) {
    this.#server = server;
    this.partitions = partitions;
    this.#flags = flags;
  }

  static async open(partitions: number, ...flags: readonly string[]): Promise<Cluster> {
    const settings = { jetstream: "sync_interval: always", configuration: "max_payload: 8MB" } as const;
    return new Cluster(await startNatsServer(settings), partitions, flags);
  }

  /** Returns a process in this one. */
  async join(...flags: readonly string[]): Promise<ServiceHost> {
    const sources = memorySources({ arguments: [...this.#all(), "--log.level=fatal", ...flags] });
    const host = await ServiceHost.open({ name: "swarm", version: "0.1.0", services: [swarm], sources });
    await host.start();
    return host;
  }

  /** Starts a separate process, which can be killed. */
  async spawn(): Promise<Spawned> {
    const child = spawn(process.execPath, [serviceProgram("swarm"), ...this.#all(), "--log.format=json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, grpc } = JSON.parse(line);
      if (msg === "ready") return { child, address: grpc };
    }
    throw new Error("the process ended before it was ready");
  }

  /** Returns a new namespace whose pool `default` belongs to the partition. */
  namespaceIn(partition: number): string {
    for (;;) {
      const namespace = `space-${++this.#spaces}`;
      if (partitionOfPool(namespace, "default", this.partitions) === partition) return namespace;
    }
  }

  /** Returns a namespace for each partition. */
  namespaces(): string[] {
    return Array.from({ length: this.partitions }, (_, partition) => this.namespaceIn(partition));
  }

  /**
   * Returns namespaces whose pools belong to other processes than the one at the address, after `hereCount`
   * of them are here: then no more move.
   */
  async remoteNamespaces(address: string, hereCount: number): Promise<string[]> {
    const namespaces = this.namespaces();
    for (;;) {
      const answers = await Promise.all(namespaces.map((namespace) => answerOf(address, { namespace })));
      const remote = namespaces.filter((_, index) => answers[index]?.$case === "redirect");
      if (remote.length === this.partitions - hereCount && answers.every(isWelcomeOrRedirect)) return remote;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await this.#server[Symbol.asyncDispose]();
  }

  #all(): readonly string[] {
    return [
      ...["--ownership.kind=leased", `--ownership.partitions=${this.partitions}`],
      `--nats.servers=["${this.#server.address}"]`,
      ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--mesh.timeouts.discoveryMs=1"],
      ...this.#flags,
    ];
  }
}

/** Returns the answer of a process to the greeting of an agent. */
async function answerOf(address: string, hello: AgentHello) {
  using raw = new RawAgent(address);
  const stream = raw.open();
  stream.send({ hello: helloOf({ canFollow: true, agentId: "asker", ...hello }) });
  const answer = await stream.next("an answer", (frame) => frame.answer);
  stream.kill();
  return answer;
}

function isWelcomeOrRedirect({ $case }: Awaited<ReturnType<typeof answerOf>>): boolean {
  return $case === "welcome" || $case === "redirect";
}
