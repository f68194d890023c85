import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, RemovalCause } from "@tutti/contracts/registry/v1";
import { degraded, healthy } from "@tutti/kernel";
import { gate } from "@tutti/kernel/testing";
import { instance, notReady } from "../../test/fixtures.ts";
import { openRegistry, renewal } from "../../test/registry.fixture.ts";
import type { Registration, Removal } from "../directory/entry.ts";
import { type InstanceChange, instanceEvent } from "./instance-events.ts";
import { MemoryStore } from "./memory-store.ts";

/** Delays writes about some instances until they are released. */
class SlowStore extends MemoryStore {
  readonly writes = gate();
  readonly slow = new Set<string>();

  override async replace(registration: Registration, revision: number) {
    if (this.slow.has(registration.instance.id)) await this.writes.pass();
    return super.replace(registration, revision);
  }

  override async remove(farewell: Removal, service: string, revision: number) {
    if (this.slow.has(farewell.instanceId)) await this.writes.pass();
    return super.remove(farewell, service, revision);
  }
}

async function openSlowRegistry(...slow: readonly string[]) {
  let store: SlowStore | undefined;
  const dependencies = await openRegistry({
    store: (clock) => {
      store = new SlowStore("history-1", clock);
      return store;
    },
  });
  assert.ok(store);
  for (const id of slow) store.slow.add(id);
  return { dependencies, store, [Symbol.asyncDispose]: () => dependencies[Symbol.asyncDispose]() };
}

/** Returns the event of a change for a reader, without its header. */
function eventOf(change: InstanceChange) {
  const event = instanceEvent(change);
  if (event === undefined) return undefined;
  const { header: _, ...data } = JSON.parse(new TextDecoder().decode(event.data));
  return { type: event.type, subject: event.subject, ...data };
}

describe("Registrar", () => {
  it("grants the lease wished for, fifteen seconds when none is named, and never less than a second", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    assert.equal((await registrar.register(instance("a"), 4_000)).leaseMs, 4_000);
    assert.equal((await registrar.register(instance("b"), 0)).leaseMs, 15_000);
    assert.equal((await registrar.register(instance("c"), 5)).leaseMs, 1_000);
  });

  it("sees its own change at once", async () => {
    await using dependencies = await openRegistry();
    const { position } = await dependencies.registrar.register(instance("a"), 0);
    assert.equal(dependencies.registrar.directory.get("a")?.revision, position.revision);
    assert.deepEqual(dependencies.registrar.position, position);
  });

  it("keeps an instance that renews, removes one that does not, and reports the cause", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    await registrar.register(instance("kept"), 3_000);
    await registrar.register(instance("lost"), 3_000);
    for (let second = 0; second < 5; second++) {
      await foundation.time.advanceAsync(1_000);
      await registrar.renew([renewal("kept")]);
    }
    assert.deepEqual(
      [...registrar.directory.instances()].map(({ id }) => id),
      ["kept"],
    );
    const last = dependencies.announced.at(-1);
    assert.ok(last !== undefined && "removed" in last.step);
    assert.equal(last.step.removed.cause, RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED);
    assert.match(last.step.removed.reason, /^not renewed for 3\.\d s, its lease is 3 s$/);
    const { reason } = last.step.removed;
    assert.deepEqual(eventOf(last), {
      ...{ type: "tutti.registry.instance.expired", subject: "lost" },
      ...{ service: "workflow", reason },
    });
    assert.equal(foundation.metrics.value("tutti_registry_removals_total", { cause: "lease-expired" }), 1);
  });

  it("names the instances it does not know and renews the others all the same", async () => {
    await using dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    const load = { inFlight: 2, queued: 1, utilization: 0.5 };
    const reply = await dependencies.registrar.renew([renewal("a", { load }), renewal("stranger")]);
    assert.deepEqual(reply.unknownInstanceIds, ["stranger"]);
    assert.deepEqual(dependencies.registrar.directory.get("a")?.load, load);
  });

  it("changes the entry if a renewal changes the health, but not for its load", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    const { position } = await registrar.register(instance("a"), 0);
    await registrar.renew([renewal("a", { load: { inFlight: 9, queued: 0, utilization: 1 } })]);
    await registrar.renew([renewal("a", { health: { state: HealthState.HEALTH_STATE_READY, reason: "" } })]);
    assert.equal(registrar.position.revision, position.revision);
    await registrar.renew([renewal("a", { health: notReady })]);
    assert.equal(registrar.position.revision, position.revision + 1);
    assert.equal(registrar.directory.get("a")?.health?.reason, notReady.reason);
    assert.deepEqual(dependencies.announced.map(eventOf).slice(1), [
      {
        ...{ type: "tutti.registry.instance.health_changed", subject: "a", service: "workflow" },
        ...{ before: "ready", now: "not_ready", reason: notReady.reason },
      },
    ]);
  });

  it("keeps a breaker open until it is closed, also if the instance reports other states", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    const breaker = () => registrar.directory.get("a")?.openBreaker;
    await registrar.register(instance("a"), 0);
    assert.equal((await registrar.setBreaker("a", "bad disk")).openBreaker, "bad disk");
    const { revision } = registrar.position;
    await registrar.setBreaker("a", "bad disk");
    assert.equal(registrar.position.revision, revision);
    await registrar.renew([renewal("a", { health: notReady })]);
    await registrar.register(instance("a", { version: "2.0.0" }), 0);
    assert.equal(breaker(), "bad disk");
    await registrar.setBreaker("a", "");
    assert.equal(breaker(), "");
    await assert.rejects(registrar.setBreaker("stranger", "bad disk"), /stranger/);
  });

  it("keeps a breaker open that is opened while the instance registers again", async () => {
    await using slow = await openSlowRegistry();
    const { registrar } = slow.dependencies;
    await registrar.register(instance("a"), 0);
    slow.store.slow.add("a");
    const registered = registrar.register(instance("a", { version: "2.0.0" }), 0);
    await slow.store.writes.arrivals(1);
    slow.store.slow.delete("a");
    await registrar.setBreaker("a", "bad disk");
    slow.store.writes.open();
    await registered;
    const { openBreaker, version } = registrar.directory.get("a") ?? {};
    assert.deepEqual([openBreaker, version], ["bad disk", "2.0.0"]);
  });

  it("does not delay one instance while the store writes the health of another", async () => {
    await using slow = await openSlowRegistry("a");
    const { registrar, foundation } = slow.dependencies;
    await registrar.register(instance("a"), 0);
    await registrar.register(instance("b"), 0);
    const renewed = registrar.renew([renewal("a", { health: notReady }), renewal("b", { health: notReady })]);
    await slow.store.writes.arrivals(1);
    await foundation.time.flush();
    assert.equal(registrar.directory.get("b")?.health?.reason, notReady.reason);
    assert.equal(registrar.directory.get("a")?.health, undefined);
    slow.store.writes.open();
    await renewed;
    assert.equal(registrar.directory.get("a")?.health?.reason, notReady.reason);
  });

  it("does not restore an instance that deregistered while its health was written", async () => {
    await using slow = await openSlowRegistry();
    const { registrar } = slow.dependencies;
    await registrar.register(instance("a"), 0);
    slow.store.slow.add("a");
    const renewed = registrar.renew([renewal("a", { health: notReady })]);
    await slow.store.writes.arrivals(1);
    slow.store.slow.clear();
    await registrar.deregister("a", "drained");
    slow.store.writes.open();
    await renewed;
    assert.equal(registrar.directory.size, 0);
  });

  it("writes a change of health to the latest registration of the instance", async () => {
    await using slow = await openSlowRegistry("a");
    const { registrar } = slow.dependencies;
    await registrar.register(instance("a", { version: "1.0.0" }), 4_000);
    const renewed = registrar.renew([renewal("a", { health: notReady })]);
    await slow.store.writes.arrivals(1);
    slow.store.slow.delete("a");
    await registrar.register(instance("a", { version: "2.0.0" }), 4_000);
    slow.store.writes.open();
    await renewed;
    const known = registrar.directory.registrationOf("a");
    assert.equal(known?.instance.version, "2.0.0");
    assert.equal(known?.instance.health?.reason, notReady.reason);
    assert.equal(known?.leaseMs, 4_000);
  });

  it("considers renewals that arrive while another expired instance is removed", async () => {
    await using slow = await openSlowRegistry("a");
    const { registrar, foundation } = slow.dependencies;
    await registrar.register(instance("a"), 1_000);
    await registrar.register(instance("b"), 1_000);
    await foundation.time.advanceAsync(1_600);
    assert.equal(slow.store.writes.waiting, 1);
    await registrar.renew([renewal("b")]);
    slow.store.writes.open();
    await foundation.time.flush();
    assert.deepEqual(
      [...registrar.directory.instances()].map(({ id }) => id),
      ["b"],
    );
  });

  it("deregisters an instance that has just registered at another registry", async () => {
    class BehindStore extends MemoryStore {
      override async caughtUp() {
        await this.put({ instance: instance("a"), leaseMs: 1_000 });
      }
    }
    await using dependencies = await openRegistry({ store: (clock) => new BehindStore("history-1", clock) });
    assert.equal(await dependencies.registrar.deregister("a", "drained"), true);
    assert.equal(dependencies.registrar.directory.size, 0);
  });

  it("reports a removal with its own revision", async () => {
    await using dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    const { revision } = dependencies.registrar.position;
    await Promise.all([
      dependencies.registrar.deregister("a", "drained"),
      dependencies.registrar.register(instance("b"), 0),
    ]);
    const removal = dependencies.announced.find(({ step }) => "removed" in step);
    assert.equal(removal?.step.revision, revision + 1);
  });

  it("keeps the time of the first registration when an instance registers again", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    await registrar.register(instance("a"), 0);
    const first = registrar.directory.get("a")?.registerTime;
    await foundation.time.advanceAsync(5_000);
    await registrar.register(instance("a", { version: "2.0.0" }), 0);
    assert.deepEqual(registrar.directory.get("a")?.registerTime, first);
  });

  it("removes an instance at once on deregistration, and confirms it only the first time", async () => {
    await using dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    assert.equal(await dependencies.registrar.deregister("a", "drained"), true);
    assert.equal(await dependencies.registrar.deregister("a", "drained"), false);
    assert.equal(dependencies.registrar.directory.size, 0);
  });

  it("is complete only after one lease if its store is lost with the process", async () => {
    await using dependencies = await openRegistry();
    assert.equal(dependencies.registrar.complete, false);
    await dependencies.foundation.time.advanceAsync(15_000);
    assert.equal(dependencies.registrar.complete, true);
  });

  it("expires no instance while it may miss renewals, and gives all a full lease afterwards", async () => {
    let deaf = false;
    class FallibleStore extends MemoryStore {
      override health() {
        return deaf ? degraded("the other registries cannot be heard") : healthy;
      }
    }
    await using dependencies = await openRegistry({
      store: (clock) => new FallibleStore("history-1", clock),
    });
    const { registrar, foundation } = dependencies;
    await registrar.register(instance("a"), 2_000);
    deaf = true;
    await foundation.time.advanceAsync(60_000);
    assert.equal(registrar.directory.size, 1);
    deaf = false;
    await foundation.time.advanceAsync(2_000);
    assert.equal(registrar.directory.size, 1);
    await foundation.time.advanceAsync(1_500);
    assert.equal(registrar.directory.size, 0);
  });

  it("expires no instance right after its own process was suspended, and later removes the silent ones", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    await registrar.register(instance("kept"), 0);
    await registrar.register(instance("lost"), 0);
    foundation.time.suspend(45_000);
    await foundation.time.advanceAsync(1_000);
    assert.equal(registrar.directory.size, 2);
    await registrar.renew([renewal("kept")]);
    await foundation.time.advanceAsync(14_600);
    assert.deepEqual(
      [...registrar.directory.instances()].map(({ id }) => id),
      ["kept"],
    );
  });

  it("answers from its entries until a new load is complete, and writes to both", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    await registrar.register(instance("a"), 0);
    registrar.historyStarted({ name: "history-1", startMs: 0 });
    await registrar.register(instance("b"), 0);
    const ids = () => [...registrar.directory.instances()].map(({ id }) => id);
    assert.deepEqual(ids(), ["a", "b"]);
    registrar.loaded();
    assert.deepEqual(ids(), ["b"]);
  });

  it("is incomplete for a lease after its store started another history, and reports that history", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    await foundation.time.advanceAsync(60_000);
    assert.equal(registrar.complete, true);
    registrar.historyStarted({ name: "history-2", startMs: foundation.clock.now() - 5_000 });
    registrar.loaded();
    assert.equal(registrar.complete, false);
    assert.equal(registrar.position.history, "history-2");
    await foundation.time.advanceAsync(10_000);
    assert.equal(registrar.complete, true);
  });

  it("leaves no timer running when it stops", async () => {
    const dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    await dependencies[Symbol.asyncDispose]();
    assert.equal(dependencies.foundation.time.pending, 0);
  });
});
