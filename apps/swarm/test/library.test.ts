import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { numberOf } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

const silent = { logger: silentLogger };
const numbers = Array.from({ length: 200 }, (_, index) => index + 1);

/** Numbers of the tasks whose results the sender received. */
function endedAt(sender: Sender): number[] {
  return sender.replies.flatMap(({ results }) => results.map(({ token }) => numberOf(token)));
}

function ascending(list: readonly number[]): number[] {
  return list.toSorted((one, other) => one - other);
}

describe("a worker of the library", () => {
  it("does each task once, and stops when all results are durable", async () => {
    await using swarm = await SwarmHost.start();
    const done: string[] = [];
    const worker = new Worker({
      address: swarm.address,
      agentId: "library",
      slots: 16,
      handleSignals: false,
    });
    worker.handle("test.echo", (_input, { workId }) => {
      done.push(workId);
      return workId;
    });
    await worker.start();
    const sender = new Sender(swarm.host.mesh);
    sender.offer(numbers);
    await until("all results", () => endedAt(sender).length === numbers.length);
    const stopped = worker.stop();
    await swarm.pass(1_000);
    sender.sendRequest({ resultsDurable: numbers.length });
    await stopped;
    assert.deepEqual(ascending(endedAt(sender)), numbers);
    assert.equal(new Set(done).size, numbers.length);
    assert.equal(done.length, numbers.length);
  });

  it("keeps its tasks while its host is away, and repeats none", async () => {
    const before = await SwarmHost.start();
    const { address } = before;
    const barrier = gate();
    const started: string[] = [];
    const worker = new Worker({ address, agentId: "library", slots: 20, handleSignals: false }, silent);
    worker.handle("test.echo", async (_input, { workId }) => {
      started.push(workId);
      await barrier.pass();
      return workId;
    });
    await worker.start();
    const few = numbers.slice(0, 20);
    new Sender(before.host.mesh).offer(few);
    await until("all to be running", () => started.length === few.length);
    await before[Symbol.asyncDispose]();

    // Half of the work is done while the sender is away.
    barrier.release(10);
    await using after = await SwarmHost.start(`--mesh.listen=${address}`);
    await until("the worker to be linked again", () => worker.isLinked);
    const sender = new Sender(after.host.mesh);
    sender.offer(few);
    barrier.open();
    await until("all results", () => endedAt(sender).length >= few.length);
    assert.deepEqual(ascending(endedAt(sender)), few);
    assert.equal(started.length, few.length);
    sender.sendRequest({ resultsDurable: few.length });
    await worker.stop();
  });
});
