import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
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

  async function join(): Promise<ServiceHost> {
    const flags = [
      ...["--ownership.kind=leased", "--ownership.partitions=4", `--nats.servers=["${server.address}"]`],
      ...[
        "--mesh.listen=127.0.0.1:0",
        "--operations.port=0",
        "--log.level=fatal",
        "--mesh.timeouts.discoveryMs=1",
      ],
    ];
    const sources = memorySources({ arguments: flags });
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
});
