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
  readonly begun: string[] = [];
  readonly doors = gate();
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
        this.begun.push(workId);
        await this.doors.pass();
        return workId;
      });
      return worker;
    });
  }

  get ended(): number {
    return new Set(this.service.ended).size;
  }

  async close(): Promise<void> {
    this.service.keep();
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

  it("move by plan and by kill -9: agents and tasks follow, nothing is lost and nothing done twice", async () => {
    const one = await cluster.join();
    const two = await cluster.spawn();
    const three = await cluster.spawn();
    const addresses = [one.mesh.address, two.address, three.address];
    // By then each process has its share.
    await cluster.elsewhere(one.mesh.address, partitions / 3);
    const rooms = await Promise.all(
      cluster.namespaces().map((namespace) => Room.open(one, namespace, addresses)),
    );
    const numbers = Array.from({ length: tasksPerPool }, (_, index) => index + 1);
    for (const { service } of rooms) service.offer(numbers);
    await until("all to be running", () => rooms.every(({ begun }) => begun.length === tasksPerPool));

    two.child.kill("SIGKILL");
    // Results from the time without an owner are kept by the agents.
    for (const { doors } of rooms) doors.open();
    await until("all results", () => rooms.every(({ ended }) => ended === tasksPerPool));
    for (const { begun } of rooms) assert.equal(new Set(begun).size, begun.length, "no task was done twice");

    // One process leaves gracefully, with work in progress.
    const more = numbers.map((number) => number + tasksPerPool);
    for (const { service } of rooms) service.offer(more);
    three.child.kill("SIGTERM");
    await once(three.child, "exit");
    await until("all results", () => rooms.every(({ ended }) => ended === 2 * tasksPerPool));
    for (const { begun } of rooms) assert.equal(new Set(begun).size, begun.length, "no task was done twice");

    await Promise.all(rooms.map((room) => room.close()));
    await one.stop();
  });
});
