import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ServiceHost } from "@tutti/host";
import { memorySources, silentLogger } from "@tutti/kernel";
import { gate } from "@tutti/kernel/testing";
import { partitionOfPool } from "@tutti/mesh";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { swarm } from "../src/service.ts";
import { helloOf, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { until } from "./support/until.ts";

const program = await natsServerProgram();
const partitions = 4;

/** A service with tasks: it offers what is outstanding again whenever the owner changes. */
class Service {
  readonly #host: ServiceHost;
  readonly #namespace: string;
  readonly #outstanding = new Set<number>();
  readonly #before: Sender[] = [];
  #sender: Sender;

  constructor(host: ServiceHost, namespace: string) {
    this.#host = host;
    this.#namespace = namespace;
    this.#sender = this.#open();
  }

  offer(tasks: readonly number[]): void {
    for (const task of tasks) this.#outstanding.add(task);
    this.#sender.offer(tasks);
  }

  /** Looks after the stream; gives the tasks that have ended, each time that it was told. */
  get ended(): number[] {
    const { error, hasEnded, replies } = this.#sender;
    if (error !== undefined || hasEnded || replies.some(({ moved }) => moved.length > 0)) {
      this.#sender.close();
      this.#before.push(this.#sender);
      this.#sender = this.#open();
      this.#sender.offer([...this.#outstanding]);
    }
    const all = [...this.#before, this.#sender].flatMap((sender) => sender.replies);
    const ended = all.flatMap(({ results }) => results.map(({ token }) => numberOf(token)));
    for (const task of ended) this.#outstanding.delete(task);
    return ended;
  }

  /** Everything that it was told is durable. */
  keep(): void {
    const count = this.#sender.replies.flatMap(({ results }) => results).length;
    this.#sender.say({ resultsDurable: count });
  }

  #open(): Sender {
    return new Sender(this.#host.mesh, { namespace: this.#namespace });
  }
}

describe("pools of two processes", { skip: program.skip }, () => {
  let server: NatsServer;
  const children: ChildProcess[] = [];

  before(async () => {
    server = await startNatsServer({ jetstream: "sync_interval: always", configuration: "max_payload: 8MB" });
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await server[Symbol.asyncDispose]();
  });

  const flags = () => [
    ...[
      "--ownership.kind=leased",
      `--ownership.partitions=${partitions}`,
      `--nats.servers=["${server.address}"]`,
    ],
    ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--mesh.timeouts.discoveryMs=1"],
  ];

  async function join(): Promise<ServiceHost> {
    const sources = memorySources({ arguments: [...flags(), "--log.level=fatal"] });
    const host = await ServiceHost.open({ name: "swarm", version: "0.1.0", services: [swarm], sources });
    await host.start();
    return host;
  }

  /** What a process answers to an agent that greets it. */
  async function answerOf(host: ServiceHost, namespace: string, canFollow = true) {
    using raw = new RawAgent(host.mesh.address);
    const stream = raw.open();
    stream.send({ hello: helloOf({ namespace, canFollow, agentId: "asker" }) });
    const answer = await stream.next("an answer", (frame) => frame.answer);
    stream.kill();
    return answer;
  }

  /**
   * A namespace whose pool belongs to the other process, once the two have shared: half of the partitions are here, and
   * no more of them move.
   */
  async function namespaceElsewhere(host: ServiceHost): Promise<string> {
    const namespaces = Array.from({ length: partitions }, (_, partition) => namespaceIn(partition));
    for (;;) {
      const answers = await Promise.all(namespaces.map((namespace) => answerOf(host, namespace)));
      const elsewhere = namespaces.filter((_, index) => answers[index]?.$case === "redirect");
      const here = answers.filter(({ $case }) => $case === "welcome");
      if (here.length * 2 === partitions && elsewhere.length * 2 === partitions) return elsewhere[0] ?? "";
    }
  }

  let spaces = 0;
  function namespaceIn(partition: number): string {
    for (;;) {
      const namespace = `space-${++spaces}`;
      if (partitionOfPool(namespace, "default", partitions) === partition) return namespace;
    }
  }

  it("have one owner each: agents and tasks find it from anywhere, and follow when it goes", async () => {
    const other = await join();
    const one = await join();
    const namespace = await namespaceElsewhere(one);
    const refused = await answerOf(one, namespace, false);
    assert.equal(refused.$case === "refused" && refused.value.error?.code, "swarm.pool_elsewhere");

    const doors = gate();
    const begun: string[] = [];
    const worker = new Worker(
      { address: one.mesh.address, namespace, agentId: "follower", slots: 20, handleSignals: false },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      begun.push(workId);
      await doors.pass();
      return workId;
    });
    await worker.start();

    const service = new Service(one, namespace);
    service.offer([1, 2, 3]);
    await until("all three to be at work", () => service.ended.length === 0 && begun.length === 3);
    // The owner leaves in good order; its pools go to the one that is left, and the worker after them.
    await other.stop();
    service.offer([4]);
    doors.open();
    await until("all results", () => service.ended.length >= 4);
    assert.deepEqual(service.ended.sort(), [1, 2, 3, 4]);
    assert.deepEqual(begun.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    service.keep();
    await worker.stop();
    await one.stop();
  });

  /** A process of its own, that can be killed. */
  async function spawnProcess(): Promise<{ readonly child: ChildProcess; readonly address: string }> {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, ...flags(), "--log.format=json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, grpc } = JSON.parse(line);
      if (msg === "ready") return { child, address: grpc };
    }
    throw new Error("the process ended before it was ready");
  }

  it("are taken over when their owner is killed, and what was at work there is not done again", async () => {
    const killed = await spawnProcess();
    const one = await join();
    const doors = gate();
    const begun: string[] = [];
    const namespace = await namespaceElsewhere(one);
    const worker = new Worker(
      {
        ...{ namespace, agentId: "survivor", slots: 20, handleSignals: false },
        address: [one.mesh.address],
      },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      begun.push(workId);
      await doors.pass();
      return workId;
    });
    await worker.start();
    const service = new Service(one, namespace);
    service.offer([1, 2, 3]);
    await until("all three to be at work", () => service.ended.length === 0 && begun.length === 3);

    killed.child.kill("SIGKILL");
    await until("the worker to have lost its link", () => !worker.isLinked);
    await until("the worker to be linked again", () => worker.isLinked);
    doors.open();
    await until("all results", () => service.ended.length >= 3);
    assert.deepEqual(service.ended.sort(), [1, 2, 3]);
    assert.equal(begun.length, 3);
    service.keep();
    await worker.stop();
    await one.stop();
  });
});
