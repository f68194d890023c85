import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, RemovalCause } from "@tutti/contracts/registry/v1";
import { degraded, healthy } from "@tutti/kernel";
import { openDesk, renewal } from "../../test/desk.ts";
import { instance, notReady } from "../../test/fixtures.ts";
import { MemoryStore } from "./memory-store.ts";

describe("Registrar", () => {
  it("grants the lease wished for, fifteen seconds when none is named, and never less than a second", async () => {
    await using desk = await openDesk();
    const { registrar } = desk;
    assert.equal((await registrar.register(instance("a"), 4_000)).leaseMs, 4_000);
    assert.equal((await registrar.register(instance("b"), 0)).leaseMs, 15_000);
    assert.equal((await registrar.register(instance("c"), 5)).leaseMs, 1_000);
  });

  it("sees its own change at once", async () => {
    await using desk = await openDesk();
    const { position } = await desk.registrar.register(instance("a"), 0);
    assert.equal(desk.registrar.directory.get("a")?.revision, position.revision);
    assert.deepEqual(desk.registrar.position, position);
  });

  it("keeps an instance that renews, removes one that does not, and tells why", async () => {
    await using desk = await openDesk();
    const { registrar, foundation } = desk;
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
    const last = desk.told.at(-1);
    assert.ok(last !== undefined && "removed" in last.step);
    assert.equal(last.step.removed.cause, RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED);
    assert.match(last.step.removed.reason, /^not renewed for \d+ ms, its lease is 3000 ms$/);
    assert.equal(foundation.metrics.value("tutti_registry_removals_total", { cause: "lease-expired" }), 1);
  });

  it("names the instances it does not know and renews the others all the same", async () => {
    await using desk = await openDesk();
    await desk.registrar.register(instance("a"), 0);
    const load = { inFlight: 2, queued: 1, utilization: 0.5 };
    const reply = await desk.registrar.renew([renewal("a", { load }), renewal("stranger")]);
    assert.deepEqual(reply.unknownInstanceIds, ["stranger"]);
    assert.deepEqual(desk.registrar.directory.get("a")?.load, load);
  });

  it("takes a change of health in a renewal for a change of the entry, and figures for none", async () => {
    await using desk = await openDesk();
    const { registrar } = desk;
    const { position } = await registrar.register(instance("a"), 0);
    await registrar.renew([renewal("a", { load: { inFlight: 9, queued: 0, utilization: 1 } })]);
    await registrar.renew([renewal("a", { health: { state: HealthState.HEALTH_STATE_READY, reason: "" } })]);
    assert.equal(registrar.position.revision, position.revision);
    await registrar.renew([renewal("a", { health: notReady })]);
    assert.equal(registrar.position.revision, position.revision + 1);
    assert.equal(registrar.directory.get("a")?.health?.reason, notReady.reason);
  });

  it("keeps the time of the first registration when an instance registers again", async () => {
    await using desk = await openDesk();
    const { registrar, foundation } = desk;
    await registrar.register(instance("a"), 0);
    const first = registrar.directory.get("a")?.registerTime;
    await foundation.time.advanceAsync(5_000);
    await registrar.register(instance("a", { version: "2.0.0" }), 0);
    assert.deepEqual(registrar.directory.get("a")?.registerTime, first);
  });

  it("removes on good-bye at once, and says so only the first time", async () => {
    await using desk = await openDesk();
    await desk.registrar.register(instance("a"), 0);
    assert.equal(await desk.registrar.deregister("a", "drained"), true);
    assert.equal(await desk.registrar.deregister("a", "drained"), false);
    assert.equal(desk.registrar.directory.size, 0);
  });

  it("is complete only after one lease when its store forgets with the process", async () => {
    await using desk = await openDesk();
    assert.equal(desk.registrar.complete, false);
    await desk.foundation.time.advanceAsync(15_000);
    assert.equal(desk.registrar.complete, true);
  });

  it("judges nobody dead while it may be deaf, and gives everybody a full lease when it hears again", async () => {
    let deaf = false;
    class FallibleStore extends MemoryStore {
      override health() {
        return deaf ? degraded("the other registries cannot be heard") : healthy;
      }
    }
    await using desk = await openDesk({ store: new FallibleStore("history-1") });
    const { registrar, foundation } = desk;
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

  it("leaves nothing running when it stops", async () => {
    const desk = await openDesk();
    await desk.registrar.register(instance("a"), 0);
    await desk[Symbol.asyncDispose]();
    assert.equal(desk.foundation.time.pending, 0);
  });
});
