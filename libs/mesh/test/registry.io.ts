/** Instances are found by following the registry, and announced to it, while the registry comes, goes and forgets. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Change,
  HealthState,
  type Instance,
  type RegisterRequest,
  type RenewRequest,
  registryService,
  type WatchReply,
  type WatchRequest,
} from "@tutti/contracts/registry/v1";
import { systemFoundation } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { Announcer, type Handlers, InProcessNetwork, Mesh, RegistryDiscovery } from "../src/index.ts";
import { note, noteHandlers, noteService } from "../src/testing/index.ts";
import { quietFoundation } from "./pairs.ts";

const { register, renew, deregister, watch } = registryService.methods;
/** The methods of the contract that clients of the mesh call. Others are not needed here. */
const calledContract = { ...registryService, methods: { register, renew, deregister, watch } };

/** The part of a registry that its clients see: entries, a history, watchers. A test can make it forget. */
class TestRegistry {
  readonly entries = new Map<string, Instance>();
  readonly watched: WatchRequest[] = [];
  readonly registered: RegisterRequest[] = [];
  readonly renewed: RenewRequest[] = [];
  readonly deregistered: string[] = [];
  readonly #network: InProcessNetwork;
  readonly #time: VirtualTime;
  #mesh: Mesh | undefined;
  #history = 0;
  #revision = 0;
  #complete = true;
  #watchers = new Set<(reply: WatchReply) => void>();

  constructor(network: InProcessNetwork, time: VirtualTime) {
    this.#network = network;
    this.#time = time;
  }

  start({ complete = true } = {}): void {
    this.#history++;
    this.#revision = 0;
    this.#complete = complete;
    this.entries.clear();
    this.#mesh = new Mesh({
      network: this.#network,
      foundation: { ...quietFoundation, clock: this.#time, timers: this.#time },
      settings: { transport: "in-process" },
    });
    this.#mesh.serve(calledContract, this.#handlers());
  }

  async stop(): Promise<void> {
    this.#watchers.clear();
    await this.#mesh?.stop();
  }

  put(id: string, address: string): void {
    this.#change({ $case: "put", value: instanceOf(id, address) });
  }

  /** From now on it is complete. */
  completed(): void {
    this.#complete = true;
    this.#publish(undefined);
  }

  #change(what: NonNullable<Change["what"]>): void {
    this.#revision++;
    if (what.$case === "put") this.entries.set(what.value.id, what.value);
    else this.entries.delete(what.value.instanceId);
    this.#publish({ $case: "changes", value: { changes: [{ revision: this.#revision, what }] } });
  }

  #position() {
    return { history: `hist_${this.#history}`, revision: this.#revision };
  }

  #publish(news: WatchReply["news"]): void {
    for (const watcher of [...this.#watchers])
      watcher({ position: this.#position(), complete: this.#complete, news });
  }

  #handlers(): Handlers<typeof calledContract> {
    const registry = this;
    return {
      register: (request) => {
        this.registered.push(request);
        if (request.instance !== undefined) this.#change({ $case: "put", value: request.instance });
        return { position: this.#position(), leaseMs: request.leaseMs };
      },
      renew: (request) => {
        this.renewed.push(request);
        const ids = request.renewals.map(({ instanceId }) => instanceId);
        const unknownInstanceIds = ids.filter((id) => !this.entries.has(id));
        return { unknownInstanceIds, position: this.#position(), renewAfterMs: 0 };
      },
      deregister: ({ instanceId, reason }) => {
        this.deregistered.push(`${instanceId} ${reason}`);
        const removed = this.entries.has(instanceId);
        this.#change({ $case: "removed", value: { instanceId, service: "notes", cause: 1, reason } });
        return { removed, position: this.#position() };
      },
      async *watch(request, { signal }) {
        registry.watched.push(request);
        const queue: WatchReply[] = [];
        let wake = () => {};
        const watcher = (reply: WatchReply) => {
          queue.push(reply);
          wake();
        };
        registry.#watchers.add(watcher);
        signal.addEventListener("abort", () => wake());
        const snapshot = { instances: [...registry.entries.values()], last: true };
        if (request.after?.history !== registry.#position().history) {
          queue.push({
            position: registry.#position(),
            complete: registry.#complete,
            news: { $case: "snapshot", value: snapshot },
          });
        }
        while (!signal.aborted) {
          const next = queue.shift();
          if (next !== undefined) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
        registry.#watchers.delete(watcher);
      },
    };
  }
}

function instanceOf(id: string, address: string): Instance {
  return {
    id,
    service: "notes",
    address,
    operationsAddress: "",
    version: "1.0.0",
    labels: {},
    offers: [],
    health: undefined,
    load: undefined,
    host: undefined,
    registerTime: undefined,
    renewTime: undefined,
    revision: 0,
    openBreaker: "",
  };
}

async function withRegistry(
  run: (parts: {
    registry: TestRegistry;
    discovery: RegistryDiscovery;
    mesh: Mesh;
    time: VirtualTime;
    foundation: ReturnType<typeof systemFoundation>;
  }) => Promise<void>,
): Promise<void> {
  const time = new VirtualTime();
  const network = new InProcessNetwork();
  const registry = new TestRegistry(network, time);
  registry.start();
  const foundation = systemFoundation({ ...quietFoundation, clock: time, timers: time });
  const settings = { transport: "in-process" as const, retry: { attempts: 1 }, timeouts: { discoveryMs: 1 } };
  const mesh = new Mesh({ network, foundation, settings });
  const discovery = new RegistryDiscovery({ foundation, registry: () => mesh.client(registryService) });
  discovery.start();
  await time.flush();
  try {
    await run({ registry, discovery, mesh, time, foundation });
  } finally {
    await discovery.stop();
    await registry.stop();
    await mesh.stop();
  }
}

describe("discovery by the registry", () => {
  const ids = (discovery: RegistryDiscovery) => discovery.instancesOf("notes").map(({ id }) => id);

  it("uses one watch, and sends no request for a call", () =>
    withRegistry(async ({ registry, discovery, time }) => {
      registry.put("a", "h:1");
      registry.put("b", "h:2");
      await time.flush();
      assert.deepEqual(ids(discovery), ["a", "b"]);
      assert.equal(registry.watched.length, 1);
      assert.equal(discovery.health().level, "healthy");
    }));

  it("keeps the known instances while the registry is unavailable, and is degraded", () =>
    withRegistry(async ({ registry, discovery, time }) => {
      registry.put("a", "h:1");
      await time.flush();
      await registry.stop();
      await time.advanceAsync(60_000);
      assert.deepEqual(ids(discovery), ["a"]);
      assert.equal(discovery.health().level, "degraded");
    }));

  it("keeps the known instances when the registry restarts empty, until it is complete", () =>
    withRegistry(async ({ registry, discovery, time }) => {
      registry.put("a", "h:1");
      registry.put("b", "h:2");
      await time.flush();
      await registry.stop();
      registry.start({ complete: false });
      await time.advanceAsync(10_000);
      assert.deepEqual(ids(discovery), ["a", "b"]);
      assert.equal(discovery.health().level, "healthy");
      registry.put("b", "h:3");
      await time.flush();
      assert.deepEqual(
        discovery.instancesOf("notes").map(({ id, address }) => `${id} ${address}`),
        ["a h:1", "b h:3"],
      );
      registry.completed();
      await time.flush();
      assert.deepEqual(ids(discovery), ["b"]);
    }));

  it("resumes by its position when only the stream broke", () =>
    withRegistry(async ({ registry, discovery, time }) => {
      registry.put("a", "h:1");
      await time.flush();
      // Silence from now on: the stream counts as dead after a while.
      await time.advanceAsync(20_000);
      assert.equal(registry.watched.length, 2);
      assert.deepEqual(registry.watched[1]?.after, { history: "hist_1", revision: 1 });
      assert.deepEqual(ids(discovery), ["a"]);
    }));

  it("waits for a registry that starts later than its process", async () => {
    const time = new VirtualTime();
    const network = new InProcessNetwork();
    const foundation = systemFoundation({ ...quietFoundation, clock: time, timers: time });
    const settings = {
      transport: "in-process" as const,
      retry: { attempts: 1 },
      timeouts: { discoveryMs: 1 },
    };
    const mesh = new Mesh({ network, foundation, settings });
    const discovery = new RegistryDiscovery({ foundation, registry: () => mesh.client(registryService) });
    discovery.start();
    await time.advanceAsync(30_000);
    const registry = new TestRegistry(network, time);
    registry.start();
    registry.put("a", "h:1");
    const known = discovery.known();
    await time.advanceAsync(5_000);
    await known;
    assert.deepEqual(ids(discovery), ["a"]);
    await discovery.stop();
    await registry.stop();
    await mesh.stop();
  });
});

describe("announcing to the registry", () => {
  function announcerOf(foundation: ReturnType<typeof systemFoundation>, mesh: Mesh) {
    const announcer = new Announcer({
      foundation,
      registry: () => mesh.client(registryService),
      mesh,
      version: "1.2.3",
      labels: { zone: "a" },
    });
    return announcer;
  }

  it("registers the served contracts, and renews them with measurements three times per lease", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.flush();
      const [entry] = registry.registered;
      assert.equal(entry?.leaseMs, 15_000);
      assert.deepEqual([entry?.instance?.service, entry?.instance?.version], ["notes", "1.2.3"]);
      assert.deepEqual(entry?.instance?.labels, { zone: "a" });
      await time.advanceAsync(15_000);
      assert.equal(registry.renewed.length, 3);
      const renewal = registry.renewed[0]?.renewals[0];
      assert.equal(renewal?.instanceId, mesh.instances[0]?.id);
      assert.ok((renewal?.host?.memoryBytes ?? 0) > 1_000_000);
      assert.equal(renewal?.load?.inFlight, 0);
      await announcer.stop();
    }));

  it("lists an orchestrator without contracts, with its health, until the process drains", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      const announcer = announcerOf(foundation, mesh);
      let state: HealthState = HealthState.HEALTH_STATE_READY;
      announcer.start();
      await time.flush();
      announcer.add("billing", { version: "1.4.0", healthOf: () => ({ state, reason: "" }) });
      await time.flush();
      const registered = [...registry.entries.values()].map(({ service, address, version }) => [
        ...[service, address, version],
      ]);
      assert.deepEqual(registered, [["billing", "", "1.4.0"]]);
      state = HealthState.HEALTH_STATE_NOT_READY;
      announcer.announce();
      await time.flush();
      assert.equal(registry.renewed.at(-1)?.renewals[0]?.health?.state, state);
      await announcer.drain();
      assert.equal(registry.deregistered.length, 1);
      await announcer.stop();
    }));

  it("registers again when the registry has forgotten", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.flush();
      registry.entries.clear();
      await time.advanceAsync(5_000);
      assert.equal(registry.registered.length, 2);
      assert.equal(registry.entries.size, 1);
      await announcer.stop();
    }));

  it("registers again if the offers of a service change", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.flush();
      announcer.offer("notes", []);
      await time.flush();
      assert.equal(registry.registered.length, 2);
      await announcer.stop();
    }));

  it("keeps retrying while the registry is unavailable, and is degraded", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      await registry.stop();
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.advanceAsync(60_000);
      assert.equal(announcer.health().level, "degraded");
      registry.start();
      await time.advanceAsync(5_000);
      assert.equal(announcer.health().level, "healthy");
      assert.equal(registry.entries.size, 1);
      await announcer.stop();
    }));

  it("does not delay the stop of its process if the registry is unavailable", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      await registry.stop();
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.flush();
      const startMs = time.monotonic();
      await time.settle(announcer.stop());
      assert.ok(time.monotonic() - startMs <= 500);
    }));

  it("deregisters when its process drains, and sends nothing more", () =>
    withRegistry(async ({ registry, mesh, time, foundation }) => {
      mesh.serve(noteService, noteHandlers());
      const announcer = announcerOf(foundation, mesh);
      announcer.start();
      await time.flush();
      await announcer.drain();
      assert.deepEqual(registry.deregistered, [`${mesh.instances[0]?.id} drained`]);
      await time.advanceAsync(60_000);
      assert.equal(registry.renewed.length, 0);
      await announcer.stop();
      assert.equal(registry.deregistered.length, 1);
    }));
});

describe("calls while the registry is restarted", () => {
  it("do not fail, because two processes find each other by the known instances", async () => {
    const network = new InProcessNetwork();
    const time = new VirtualTime();
    const registry = new TestRegistry(network, time);
    registry.start();
    const server = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "grpc", listen: "127.0.0.1:0" },
    });
    server.serve(noteService, noteHandlers());
    await server.start();
    registry.put("a", server.address);
    const foundation = systemFoundation({ ...quietFoundation });
    const toRegistry = new Mesh({ network, foundation, settings: { transport: "in-process" } });
    const discovery = new RegistryDiscovery({
      foundation,
      registry: () => toRegistry.client(registryService),
    });
    discovery.start();
    await discovery.known();
    const mesh = new Mesh({ foundation: quietFoundation, discovery, settings: { transport: "grpc" } });
    const notes = mesh.client(noteService);
    const calls = async (count: number) => {
      for (let call = 0; call < count; call++) await notes.put(note());
    };
    await calls(20);
    await registry.stop();
    await calls(50);
    registry.start({ complete: false });
    await calls(50);
    await discovery.stop();
    await registry.stop();
    for (const each of [mesh, toRegistry, server]) await each.stop();
  });
});
