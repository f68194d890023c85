import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { gate, recordingLogger, until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { Cluster } from "./support/cluster.ts";
import { Service } from "./support/service.ts";

const program = await natsServerProgram();

describe("pools of two processes", { skip: program.skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.open(4);
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("have one owner each: agents and tasks find it from any process, and follow when it moves", async () => {
    const other = await cluster.join();
    const first = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(first.mesh.address, 2);
    const barrier = gate();
    const started: string[] = [];
    const worker = new Worker(
      { address: first.mesh.address, namespace, agentId: "follower", slots: 20, handleSignals: false },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      started.push(workId);
      await barrier.pass();
      return workId;
    });
    await worker.start();

    const service = new Service(first, namespace);
    service.offer([1, 2, 3]);
    await until("all three to be running", () => service.ended.length === 0 && started.length === 3);
    // The owner leaves gracefully. Its pools move to the remaining process, and the worker follows.
    await other.stop();
    service.offer([4]);
    barrier.open();
    await until("all results", () => service.ended.length >= 4);
    assert.deepEqual(service.ended.sort(), [1, 2, 3, 4]);
    assert.deepEqual(started.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    service.confirmResults();
    await worker.stop();
    await first.stop();
  });

  it("are taken over when their owner is killed, and running tasks there are not repeated", async () => {
    const killed = await cluster.spawn();
    const first = await cluster.join();
    const barrier = gate();
    const started: string[] = [];
    const logger = recordingLogger();
    const links = () => logger.lines.filter(({ message }) => message.startsWith("linked")).length;
    const [namespace = ""] = await cluster.remoteNamespaces(first.mesh.address, 2);
    const worker = new Worker(
      { namespace, agentId: "survivor", slots: 20, handleSignals: false, address: [first.mesh.address] },
      { logger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      started.push(workId);
      await barrier.pass();
      return workId;
    });
    await worker.start();
    const service = new Service(first, namespace);
    service.offer([1, 2, 3]);
    await until("all three to be running", () => service.ended.length === 0 && started.length === 3);

    const before = links();
    killed.child.kill("SIGKILL");
    // The next link may follow within milliseconds.
    await until("the worker to be linked again", () => links() > before);
    barrier.open();
    await until("all results", () => service.ended.length >= 3);
    assert.deepEqual(service.ended.sort(), [1, 2, 3]);
    assert.equal(started.length, 3);
    service.confirmResults();
    await worker.stop();
    await first.stop();
  });
});
