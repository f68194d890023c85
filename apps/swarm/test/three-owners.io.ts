import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import type { ServiceHost } from "@tutti/host";
import { silentLogger } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { Cluster } from "./support/cluster.ts";
import { Service } from "./support/service.ts";

const program = await natsServerProgram();
const partitions = 6;
const tasksPerPool = 20;

/** A pool with an agent that follows its owner, one that is relayed, and a sender with tasks. */
class Room {
  readonly started: string[] = [];
  readonly barrier = gate();
  readonly service: Service;
  readonly #workers: readonly Worker[];

  static async open(host: ServiceHost, namespace: string, addresses: readonly string[]): Promise<Room> {
    const room = new Room(host, namespace, addresses);
    await Promise.all(room.#workers.map((worker) => worker.start()));
    return room;
  }

  private constructor(host: ServiceHost, namespace: string, addresses: readonly string[]) {
    this.service = new Service(host, namespace);
    this.#workers = [true, false].map((followRedirects) => {
      const agentId = followRedirects ? "follower" : "stayer";
      const worker = new Worker(
        // The agent that does not follow stays with the process of the test.
        {
          ...{ namespace, agentId, followRedirects, slots: tasksPerPool, handleSignals: false },
          address: followRedirects ? addresses : host.mesh.address,
        },
        { logger: silentLogger },
      );
      worker.handle("test.echo", async (_input, { workId }) => {
        this.started.push(workId);
        await this.barrier.pass();
        return workId;
      });
      return worker;
    });
  }

  get ended(): number {
    return new Set(this.service.ended).size;
  }

  async close(): Promise<void> {
    this.service.confirmResults();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

describe("pools of three processes", { skip: program.skip }, () => {
  let cluster: Cluster;
  before(async () => {
    // An agent that comes late after a move finds its work unchanged.
    cluster = await Cluster.open(partitions, "--swarm.pool.settleMs=5000");
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  it("move at a shutdown and after kill -9: agents and tasks follow, and no task is lost or done twice", async () => {
    const first = await cluster.join();
    const two = await cluster.spawn();
    const three = await cluster.spawn();
    const addresses = [first.mesh.address, two.address, three.address];
    // By then each process has its share.
    await cluster.remoteNamespaces(first.mesh.address, partitions / 3);
    const rooms = await Promise.all(
      cluster.namespaces().map((namespace) => Room.open(first, namespace, addresses)),
    );
    const numbers = Array.from({ length: tasksPerPool }, (_, index) => index + 1);
    for (const { service } of rooms) service.offer(numbers);
    await until("all to be running", () => rooms.every(({ started }) => started.length === tasksPerPool));

    two.child.kill("SIGKILL");
    // Results from the time without an owner are kept by the agents.
    for (const { barrier } of rooms) barrier.open();
    await until("all results", () => rooms.every(({ ended }) => ended === tasksPerPool));
    for (const { started } of rooms)
      assert.equal(new Set(started).size, started.length, "no task was done twice");

    // One process leaves gracefully, with work in progress.
    const more = numbers.map((number) => number + tasksPerPool);
    for (const { service } of rooms) service.offer(more);
    three.child.kill("SIGTERM");
    await once(three.child, "exit");
    await until("all results", () => rooms.every(({ ended }) => ended === 2 * tasksPerPool));
    for (const { started } of rooms)
      assert.equal(new Set(started).size, started.length, "no task was done twice");

    await Promise.all(rooms.map((room) => room.close()));
    await first.stop();
  });
});
