import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { type Gate, gate, until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { Cluster } from "./support/cluster.ts";
import { Service } from "./support/service.ts";

const program = await natsServerProgram();

/** One agent that follows redirections to the owner of its pool, and one that stays. */
const agentIds = ["follower", "stayer"];

class Room {
  readonly started: string[] = [];
  readonly #workers: Worker[];

  constructor(address: string, namespace: string, barrier: Gate) {
    this.#workers = agentIds.map((agentId) => {
      const followRedirects = agentId === "follower";
      const worker = new Worker(
        { address, namespace, agentId, slots: 2, handleSignals: false, followRedirects },
        { logger: silentLogger },
      );
      worker.handle("test.echo", async (_input, { workId }) => {
        this.started.push(workId);
        await barrier.pass();
        return workId;
      });
      return worker;
    });
  }

  async open(): Promise<void> {
    for (const worker of this.#workers) await worker.start();
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) await worker.stop();
  }
}

describe("pools that move to another process", { skip: program.skip }, () => {
  let cluster: Cluster;
  beforeEach(async () => {
    // Longer than any wait in this file.
    cluster = await Cluster.open(2, "--swarm.pool.settleMs=60000");
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  it("continue when all agents of the earlier owner are back, linked there or relayed", async () => {
    const first = await cluster.join();
    const namespaces = cluster.namespaces();
    const barrier = gate();
    const rooms = namespaces.map((namespace) => new Room(first.mesh.address, namespace, barrier));
    for (const room of rooms) await room.open();
    const services = namespaces.map((namespace) => new Service(first, namespace));
    for (const service of services) service.offer([1, 2, 3]);
    const haveStarted = (count: number) => () =>
      services.every((service) => service.ended.length === 0) &&
      rooms.every(({ started }) => started.length === count);
    await until("three of each to be running", haveStarted(3));

    const peers = JSON.stringify({ swarm: [first.mesh.address] });
    const second = await cluster.join(`--mesh.peers=${peers}`);
    await until("one pool to have moved", () =>
      services.some((service) => service.ended.length === 0 && service.breaks > 0),
    );
    // There is a free slot for each, but not before it is known which agents have the other three.
    for (const service of services) service.offer([4]);
    await until("the fourth of each", haveStarted(4));
    barrier.open();
    await until("all results", () => services.every((service) => new Set(service.ended).size === 4));
    for (const { started } of rooms) assert.deepEqual(started.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    for (const service of services) service.confirmResults();
    for (const room of rooms) await room.close();
    await second.stop();
    await first.stop();
  });

  it("continue when all agents named by the stopped owner are back", async () => {
    const leaving = await cluster.join();
    const staying = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(staying.mesh.address, 1);
    const barrier = gate();
    const room = new Room(staying.mesh.address, namespace, barrier);
    await room.open();
    const service = new Service(staying, namespace);
    service.offer([1, 2, 3]);
    await until("three to be running", () => service.ended.length === 0 && room.started.length === 3);
    await leaving.stop();
    service.offer([4]);
    await until("the fourth", () => service.ended.length === 0 && room.started.length === 4);
    barrier.open();
    await until("all results", () => new Set(service.ended).size === 4);
    assert.deepEqual(room.started.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    service.confirmResults();
    await room.close();
    await staying.stop();
  });
});
