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

  it("have one owner each: agents and tasks find it from anywhere, and follow when it goes", async () => {
    const other = await cluster.join();
    const one = await cluster.join();
    const [namespace = ""] = await cluster.elsewhere(one.mesh.address, 2);
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
    await until("all three to be running", () => service.ended.length === 0 && begun.length === 3);
    // The owner leaves gracefully. Its pools move to the remaining process, and the worker follows.
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

  it("are taken over when their owner is killed, and running tasks there are not repeated", async () => {
    const killed = await cluster.spawn();
    const one = await cluster.join();
    const doors = gate();
    const begun: string[] = [];
    const logger = recordingLogger();
    const links = () => logger.lines.filter(({ message }) => message.startsWith("linked")).length;
    const [namespace = ""] = await cluster.elsewhere(one.mesh.address, 2);
    const worker = new Worker(
      { namespace, agentId: "survivor", slots: 20, handleSignals: false, address: [one.mesh.address] },
      { logger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      begun.push(workId);
      await doors.pass();
      return workId;
    });
    await worker.start();
    const service = new Service(one, namespace);
    service.offer([1, 2, 3]);
    await until("all three to be running", () => service.ended.length === 0 && begun.length === 3);

    const before = links();
    killed.child.kill("SIGKILL");
    // The next link may follow within milliseconds.
    await until("the worker to be linked again", () => links() > before);
    doors.open();
    await until("all results", () => service.ended.length >= 3);
    assert.deepEqual(service.ended.sort(), [1, 2, 3]);
    assert.equal(begun.length, 3);
    service.keep();
    await worker.stop();
    await one.stop();
  });
});
