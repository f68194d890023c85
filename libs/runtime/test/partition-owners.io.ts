/**
 * Partition owners on a cluster of three NATS servers whose leader is killed: all processes wait, and nothing
 * moves.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger, silentMetrics, sleep, systemChance, systemClock, systemTimers } from "@tutti/kernel";
import { connectionTo, natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import {
  LeasedPartitionOwner,
  type OwnershipStore,
  ownershipSettings,
  type StoreChange,
} from "../src/ownership/index.ts";
import { NatsOwnershipStore } from "../src/ownership/store/nats-store.ts";
import { CountingRuntime, Journals, service } from "./partition-owners.fixture.ts";

const { skip } = await natsServerProgram();
const partitions = 8;
const life = { ...systemClock, after: systemTimers.after };

/** Counts the calls of a store. */
class CountedStore implements OwnershipStore {
  readonly #store: OwnershipStore;
  operations = 0;

  constructor(store: OwnershipStore) {
    this.#store = store;
  }

  read(key: string) {
    this.operations++;
    return this.#store.read(key);
  }
  change(key: string, value: Uint8Array, revision: number) {
    this.operations++;
    return this.#store.change(key, value, revision);
  }
  renew(key: string, value: Uint8Array, revision: number) {
    this.operations++;
    return this.#store.renew(key, value, revision);
  }
  refresh() {
    this.#store.refresh();
  }
  remove(key: string, revision: number) {
    this.operations++;
    return this.#store.remove(key, revision);
  }
  watch(signal: AbortSignal): AsyncIterable<StoreChange> {
    return this.#store.watch(signal);
  }
  onReconnect(listener: () => void) {
    return this.#store.onReconnect(listener);
  }
  tidy() {
    return this.#store.tidy();
  }
}

async function until(condition: () => boolean): Promise<number> {
  const sinceMs = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - sinceMs < 60_000, "within a minute");
    await sleep(systemTimers, 10);
  }
  return performance.now() - sinceMs;
}

describe("partition owners while NATS elects a leader", { skip }, () => {
  it("wait, retry now and then, and move nothing", async (context) => {
    await using servers = await startNatsCluster();
    const addresses = servers.map((server) => server.address);
    const journals = new Journals();
    const processes = await Promise.all(
      ["a", "b", "c"].map(async (name) => {
        const connection = await connectionTo(addresses, { settings: { retryMaxMs: 1_000 } });
        const store = new CountedStore(new NatsOwnershipStore({ connection, replicas: 3 }));
        const partitionOwner = new LeasedPartitionOwner({
          foundation: {
            ...{ clock: systemClock, timers: systemTimers, chance: systemChance },
            ...{ logger: silentLogger, metrics: silentMetrics },
          },
          settings: ownershipSettings({ kind: "leased", partitions, replicas: 3 }),
          ...{ store, process: `proc_${name}`, address: () => `${name}:1` },
        });
        const leaseTerm = partitionOwner.leaseTermOf(service);
        const runtime = new CountingRuntime(partitions, { life, journals, leaseTerm });
        partitionOwner.host(runtime);
        return { connection, store, partitionOwner, runtime };
      }),
    );
    await using _all = {
      async [Symbol.asyncDispose]() {
        for (const { partitionOwner, connection } of processes) {
          await partitionOwner.stop();
          await connection[Symbol.asyncDispose]();
        }
      },
    };
    const never = new AbortController().signal;
    await Promise.all(processes.map(({ partitionOwner }) => partitionOwner.start({ signal: never })));
    const owned = () => processes.map(({ runtime }) => runtime.partitionStatuses().length);
    await until(() => owned().sort().join() === "2,3,3");
    const starts = processes.map(({ runtime }) => runtime.starts);
    const renewed = () =>
      processes.every(({ partitionOwner }) => partitionOwner.health().level === "healthy");
    await until(renewed);

    const [first] = processes;
    const manager = await first?.connection.manager("test");
    const leader = (await manager?.streams.info("KV_tutti-ownership"))?.cluster?.leader;
    const before = processes.map(({ store }) => store.operations);
    const sinceMs = performance.now();
    await servers[Number(leader?.slice(1))]?.down("kill");
    await until(() => !renewed());
    await until(renewed);
    const outageMs = performance.now() - sinceMs;
    const operations = processes.map(({ store }, index) => store.operations - (before[index] ?? 0));
    context.diagnostic(`renewed again ${Math.round(outageMs)} ms after the leader of the bucket was killed`);
    context.diagnostic(`${operations.join(", ")} operations in that time`);
    await sleep(systemTimers, 3_000);
    assert.deepEqual(
      processes.map(({ runtime }) => runtime.starts),
      starts,
    );
    for (const [index, count] of operations.entries()) {
      assert.ok(count < 20 + (10 * outageMs) / 1_000, `process ${index} asked ${count} times`);
    }
  });
});
