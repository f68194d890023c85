import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ServiceHost } from "@tutti/host";
import { memorySources, silentLogger } from "@tutti/kernel";
import { gate } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { swarm } from "../src/service.ts";
import { helloOf, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { until } from "./support/until.ts";

const program = await natsServerProgram();

describe("pools of two processes", { skip: program.skip }, () => {
  let server: NatsServer;

  before(async () => {
    server = await startNatsServer({ jetstream: "sync_interval: always", configuration: "max_payload: 8MB" });
  });
  after(() => server[Symbol.asyncDispose]());

  const flags = () => [
    ...["--ownership.kind=leased", "--ownership.partitions=4", `--nats.servers=["${server.address}"]`],
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

  /** A namespace whose pool belongs to a process, and not to the other. */
  async function namespaceOf(owner: ServiceHost, other: ServiceHost): Promise<string> {
    for (let number = 0; ; number++) {
      assert.ok(number < 5_000, "each process owns some pools in the end");
      const namespace = `space-${number % 50}`;
      const answer = await answerOf(other, namespace);
      if (answer.$case === "redirect" && answer.value.address === owner.mesh.address) return namespace;
    }
  }

  it("have one owner each: agents and tasks find it from anywhere, and follow when it goes", async () => {
    const one = await join();
    const other = await join();
    const namespace = await namespaceOf(other, one);
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

    const sender = new Sender(one.mesh, { namespace });
    sender.offer([1, 2, 3]);
    await until("all three to be at work", () => begun.length === 3);
    // The owner leaves in good order; its pools go to the one that is left, and the worker after them.
    const left = other.stop();
    await until("the sender to hear of it", () => sender.error !== undefined || sender.hasEnded);
    await left;
    await until("the worker to be linked again", () => worker.isLinked);
    const again = new Sender(one.mesh, { namespace });
    again.offer([1, 2, 3, 4]);
    doors.open();
    const ended = () => again.replies.flatMap(({ results }) => results.map(({ token }) => numberOf(token)));
    await until("all results", () => ended().length === 4);
    assert.deepEqual(ended().sort(), [1, 2, 3, 4]);
    assert.deepEqual(begun.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    again.say({ resultsDurable: 4 });
    await worker.stop();
    await one.stop();
  });

  /** As a service with tasks does it: opens streams until one is taken. */
  async function nextSender(host: ServiceHost, namespace: string, tasks: readonly number[]): Promise<Sender> {
    for (;;) {
      const sender = new Sender(host.mesh, { namespace });
      sender.offer(tasks);
      const isTaken = await until("an answer", () =>
        sender.error !== undefined ? "no" : sender.replies.length > 0 ? "yes" : undefined,
      );
      if (isTaken === "yes") return sender;
    }
  }

  /** A process of its own, that can be killed. */
  async function spawnProcess(): Promise<{ readonly child: ChildProcess; readonly address: string }> {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, ...flags(), "--log.format=json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, grpc } = JSON.parse(line);
      if (msg === "ready") return { child, address: grpc };
    }
    throw new Error("the process ended before it was ready");
  }

  it("are taken over when their owner is killed, and what was at work there is not done again", async () => {
    const killed = await spawnProcess();
    const third = await spawnProcess();
    const one = await join();
    const doors = gate();
    const begun: string[] = [];
    const namespaces: string[] = [];
    for (let number = 0; namespaces.length < 1; number++) {
      const namespace = `kill-${number % 50}`;
      const answer = await answerOf(one, namespace);
      if (answer.$case === "redirect" && answer.value.address === killed.address) namespaces.push(namespace);
    }
    const [namespace = ""] = namespaces;
    const worker = new Worker(
      {
        ...{ namespace, agentId: "survivor", slots: 20, handleSignals: false },
        address: [one.mesh.address, third.address],
      },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      begun.push(workId);
      await doors.pass();
      return workId;
    });
    await worker.start();
    const sender = new Sender(one.mesh, { namespace });
    sender.offer([1, 2, 3]);
    await until("all three to be at work", () => begun.length === 3);

    killed.child.kill("SIGKILL");
    await until("the sender to hear of it", () => sender.error !== undefined || sender.hasEnded);
    const again = await nextSender(one, namespace, [1, 2, 3]);
    doors.open();
    const ended = () => again.replies.flatMap(({ results }) => results.map(({ token }) => numberOf(token)));
    await until("all results", () => ended().length === 3);
    assert.deepEqual(ended().sort(), [1, 2, 3]);
    assert.equal(begun.length, 3);
    again.say({ resultsDurable: 3 });
    await worker.stop();
    await one.stop();
    third.child.kill();
    await once(third.child, "exit");
  });
});
