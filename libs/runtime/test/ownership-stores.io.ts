import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import type { NatsConnection } from "@tutti/nats";
import { connectionTo, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { MemoryOwnershipStore, ownershipErrors, SharedKeys } from "../src/ownership/index.ts";
import { NatsOwnershipStore } from "../src/ownership/store/nats-store.ts";
import { describeOwnershipStore } from "../src/ownership/testing/index.ts";

describeOwnershipStore({
  name: "in memory",
  fresh: async () => {
    const keys = new SharedKeys();
    const time = new VirtualTime();
    return { open: () => new MemoryOwnershipStore(keys, time) };
  },
});

const program = await natsServerProgram();

describe("with a server", { skip: program.skip }, () => {
  let connection: NatsConnection & AsyncDisposable;
  let number = 0;
  before(async () => {
    const { address, settings } = await natsAccount();
    connection = await connectionTo([address], { settings });
  });
  after(async () => {
    await connection?.[Symbol.asyncDispose]();
  });

  describeOwnershipStore({
    name: "on NATS",
    fresh: async () => {
      const bucket = `ownership-${number++}`;
      return { open: () => new NatsOwnershipStore({ connection, replicas: 1, bucket }) };
    },
  });
});

describe("the faults of the store in memory", () => {
  const bytes = new TextEncoder().encode("1");

  it("cut: every operation fails, and changes are reported after the repair", async () => {
    const time = new VirtualTime();
    const keys = new SharedKeys();
    const [disconnected, other] = [
      new MemoryOwnershipStore(keys, time),
      new MemoryOwnershipStore(keys, time),
    ];
    const stopping = new AbortController();
    const changes = disconnected.watch(stopping.signal)[Symbol.asyncIterator]();
    await changes.next();
    disconnected.faults.failing = "cut";
    await assert.rejects(disconnected.change("a", bytes, 0), ownershipErrors.storeUnavailable.is);
    await assert.rejects(disconnected.read("a"), ownershipErrors.storeUnavailable.is);
    assert.equal(await other.read("a"), undefined);
    await other.change("a", bytes, 0);
    const next = changes.next();
    await time.advanceAsync(1_000);
    disconnected.faults.failing = "no";
    assert.equal((await time.settle(next)).value?.kind, "put");
    stopping.abort();
  });

  it("silent: changes take effect without confirmation", async () => {
    const keys = new SharedKeys();
    const store = new MemoryOwnershipStore(keys, new VirtualTime());
    store.faults.failing = "silent";
    await assert.rejects(store.change("a", bytes, 0), ownershipErrors.storeUnavailable.is);
    assert.notEqual(await store.read("a"), undefined);
  });

  it("lost: a watch cannot continue", async () => {
    const keys = new SharedKeys();
    const store = new MemoryOwnershipStore(keys, new VirtualTime());
    const changes = store.watch(new AbortController().signal)[Symbol.asyncIterator]();
    await changes.next();
    const next = changes.next();
    keys.lose();
    await assert.rejects(next, ownershipErrors.storeUnavailable.is);
  });
});
