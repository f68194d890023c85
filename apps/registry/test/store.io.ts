import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RemovalCause, type Renewal } from "@tutti/contracts/registry/v1";
import { type Foundation, isTuttiError, silentLogger, systemFoundation } from "@tutti/kernel";
import { eventually, until } from "@tutti/kernel/testing";
import { type NatsConnection, openBucket } from "@tutti/nats";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import type { Step } from "../src/directory/entry.ts";
import { MemoryStore } from "../src/effects/memory-store.ts";
import { NatsStore } from "../src/effects/nats-store.ts";
import type { History, Store, StoreListener } from "../src/effects/store.ts";
import { instance } from "./fixtures.ts";
import { renewal } from "./registry.fixture.ts";

const program = await natsServerProgram();
const foundation: Foundation = systemFoundation({ logger: silentLogger });
const isRetryable = (error: unknown) => isTuttiError(error) && error.retryable;
const removal = { cause: RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED, reason: "silent" };

/** Records the reports of a store, and lets a test wait for them. */
class Listener implements StoreListener {
  readonly steps: string[] = [];
  readonly renewals: string[] = [];
  loads = 0;
  history = "";
  readonly #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  historyStarted({ name }: History): void {
    this.history = name;
    this.steps.length = 0;
  }

  stepped(step: Step): void {
    this.steps.push(
      "put" in step ? `+${step.put.instance.id}` : `-${step.removed.instanceId} ${step.removed.reason}`,
    );
    this.#checkWaiters();
  }

  loaded(): void {
    this.loads += 1;
    this.#checkWaiters();
  }

  renewed(renewals: readonly Pick<Renewal, "instanceId">[]): void {
    this.renewals.push(...renewals.map(({ instanceId }) => instanceId));
    this.#checkWaiters();
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }

  #checkWaiters(): void {
    for (const waiter of this.#waiting) if (waiter.condition()) waiter.resolve();
  }
}

interface Opened extends AsyncDisposable {
  readonly store: Store;
  readonly listener: Listener;
}

async function open(store: Store): Promise<Opened> {
  const listener = new Listener();
  await store.start(listener, AbortSignal.timeout(60_000));
  return { store, listener, [Symbol.asyncDispose]: () => store.stop() };
}

/** The contract of a store. */
function storeContract(create: () => Promise<Opened>): void {
  it("reports a registration before it returns, in order, with increasing revisions", async () => {
    await using opened = await create();
    const { store, listener } = opened;
    const first = await store.put({ instance: instance("a"), leaseMs: 1_000 });
    assert.deepEqual(listener.steps, ["+a"]);
    const second = await store.put({ instance: instance("b"), leaseMs: 1_000 });
    assert.deepEqual(listener.steps, ["+a", "+b"]);
    assert.ok(second.revision > first.revision);
    assert.equal(second.history, first.history);
  });

  it("removes an entry only at the revision that was judged", async () => {
    await using opened = await create();
    const { store, listener } = opened;
    const first = await store.put({ instance: instance("a"), leaseMs: 1_000 });
    const second = await store.put({ instance: instance("a"), leaseMs: 1_000 });
    const remove = (revision: number) => store.remove({ instanceId: "a", ...removal }, "workflow", revision);
    assert.equal(await remove(first.revision), undefined);
    assert.equal((await remove(second.revision))?.history, second.history);
    assert.equal(await remove(second.revision), undefined);
    assert.deepEqual(listener.steps, ["+a", "+a", "-a silent"]);
  });

  it("replaces an entry only at the given revision, and never restores a removed one", async () => {
    await using opened = await create();
    const { store, listener } = opened;
    const a = { instance: instance("a"), leaseMs: 1_000 };
    const first = await store.put(a);
    const second = await store.replace(a, first.revision);
    assert.ok(second !== undefined && second.revision > first.revision);
    assert.equal(await store.replace(a, first.revision), undefined);
    await store.remove({ instanceId: "a", ...removal }, "workflow", second.revision);
    assert.equal(await store.replace(a, second.revision), undefined);
    assert.deepEqual(listener.steps, ["+a", "+a", "-a silent"]);
  });

  it("accepts any id that the contract allows", async () => {
    await using opened = await create();
    const ids = ["a..b", "a.", "_tutti.horizon", "A-1_b.c"];
    for (const id of ids) await opened.store.put({ instance: instance(id), leaseMs: 1_000 });
    assert.deepEqual(
      opened.listener.steps,
      ids.map((id) => `+${id}`),
    );
  });

  it("accepts an instance again after its removal", async () => {
    await using opened = await create();
    const { store, listener } = opened;
    const { revision } = await store.put({ instance: instance("a"), leaseMs: 1_000 });
    await store.remove({ instanceId: "a", ...removal }, "workflow", revision);
    await store.put({ instance: instance("a"), leaseMs: 1_000 });
    assert.deepEqual(listener.steps, ["+a", "-a silent", "+a"]);
  });
}

describe("Store in memory", () => {
  storeContract(() => open(new MemoryStore("history-1", foundation.clock)));
});

describe("Store in NATS", { skip: program.skip }, () => {
  let server: NatsServer;
  let connection: NatsConnection & AsyncDisposable;

  before(async () => {
    server = await startNatsServer();
    connection = await connectionTo([server.address], { foundation });
  });
  after(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const opened = (registry: string, times: { shareMs?: number; rememberRemovedMs?: number } = {}) =>
    open(new NatsStore({ connection, foundation, registry, replicas: 1, shareMs: 10, ...times }));

  const instances = () => openBucket(connection, { name: "tutti_registry_instances" });

  async function empty(): Promise<void> {
    await instances();
    await (await connection.manager("test")).streams.purge("KV_tutti_registry_instances");
  }

  storeContract(async () => {
    await empty();
    return opened("registry-1");
  });

  it("reports the same steps to every registry, with the cause of a removal", async () => {
    await empty();
    await using one = await opened("registry-1");
    const { revision } = await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    await using two = await opened("registry-2");
    assert.deepEqual(two.listener.steps, ["+a"]);
    await one.store.remove({ instanceId: "a", ...removal }, "workflow", revision);
    await two.listener.until(() => two.listener.steps.length === 2);
    assert.deepEqual(two.listener.steps, ["+a", "-a silent"]);
    assert.equal(two.listener.history, one.listener.history);
  });

  it("shares renewals with the other registries, but not with itself", async () => {
    await using one = await opened("registry-1");
    await using two = await opened("registry-2");
    // A store keeps no heartbeat for a registry that does not listen yet: it is repeated, as instances do.
    await until("both heartbeats", () => {
      one.store.renewed([renewal("a"), renewal("b")]);
      return two.listener.renewals.length >= 2;
    });
    assert.deepEqual(two.listener.renewals.slice(0, 2), ["a", "b"]);
    assert.deepEqual(one.listener.renewals, []);
  });

  it("continues by itself after its server was killed and restarted", async () => {
    await empty();
    await using one = await opened("registry-1");
    await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    await server.down("kill");
    await server.up();
    // Not before the connection is restored. Each refusal states that it may be retried.
    await eventually(() => one.store.put({ instance: instance("b"), leaseMs: 1_000 }), isRetryable);
    assert.deepEqual([...new Set(one.listener.steps)], ["+a", "+b"]);
  });

  it("forgets after a while how instances went", async () => {
    await empty();
    await using one = await opened("registry-1", { rememberRemovedMs: 20 });
    const { revision } = await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    await one.store.remove({ instanceId: "a", ...removal }, "workflow", revision);
    const bucket = await instances();
    await until("its removal", async () => (await bucket.entries()).every(({ key }) => key !== "a"));
  });

  it("ignores an entry that it cannot decode", async () => {
    await empty();
    const bucket = await instances();
    await bucket.put("scribble", new Uint8Array([0x0a, 0xff]));
    await using one = await opened("registry-1");
    await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    assert.deepEqual(one.listener.steps, ["+a"]);
  });

  it("treats a manually deleted entry as removed", async () => {
    await empty();
    await using one = await opened("registry-1");
    const { revision } = await one.store.put({ instance: instance("a.b"), leaseMs: 1_000 });
    await (await instances()).delete("a=b", revision);
    await one.listener.until(() => one.listener.steps.length === 2);
    assert.deepEqual(one.listener.steps, ["+a.b", "-a.b its entry was deleted from the store"]);
  });

  it("knows the conflicting entry when a change of its own is refused", async () => {
    await empty();
    await using one = await opened("registry-1");
    await using two = await opened("registry-2");
    const { revision } = await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    await two.listener.until(() => two.listener.steps.length === 1);
    await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    assert.equal(await two.store.remove({ instanceId: "a", ...removal }, "workflow", revision), undefined);
    assert.deepEqual(two.listener.steps, ["+a", "+a"]);
  });

  it("catches up on demand with the writes of another registry about an instance", async () => {
    await empty();
    await using one = await opened("registry-1");
    await using two = await opened("registry-2");
    for (const id of ["a", "b", "c"]) {
      await one.store.put({ instance: instance(id), leaseMs: 1_000 });
      await two.store.caughtUp(id);
      assert.equal(two.listener.steps.at(-1), `+${id}`);
    }
    await two.store.caughtUp("nobody");
  });

  it("recreates a deleted bucket, and reports another history", async () => {
    await empty();
    await using one = await opened("registry-1");
    await one.store.put({ instance: instance("a"), leaseMs: 1_000 });
    const { history, loads } = one.listener;
    await (await connection.manager("test")).streams.delete("KV_tutti_registry_instances");
    await one.listener.until(() => one.listener.loads > loads);
    const { revision } = await one.store.put({ instance: instance("b"), leaseMs: 1_000 });
    assert.equal(revision, 1);
    assert.deepEqual(one.listener.steps, ["+b"]);
    assert.notEqual(one.listener.history, history);
  });

  it("is not healthy while it does not receive its own heartbeats", async () => {
    await using one = await opened("registry-1");
    await until("healthy", () => one.store.health().level === "healthy");
    await (await connection.manager("test")).streams.delete("KV_tutti_registry_renewals");
    await until("unhealthy", () => one.store.health().level !== "healthy");
  });
});
