import assert from "node:assert/strict";
import { it } from "node:test";
import type { EventInput } from "@tutti/bus";
import { type Health, healthy, Orchestrator, unhealthy } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import type { Mesh } from "@tutti/mesh";
import { PlatformEvents } from "./platform-events.ts";

function published() {
  const foundation = testFoundation();
  const sent: EventInput[] = [];
  const bus = { publish: async (events: readonly EventInput[]) => void sent.push(...events) };
  const events = new PlatformEvents(bus, foundation, "proc_1");
  const drainPublished = async () => {
    await events.drain(new AbortController().signal);
    return sent.splice(0).map(({ type, subject, data }) => {
      return { type, subject, data: JSON.parse(new TextDecoder().decode(data)) };
    });
  };
  return { foundation, events, drainPublished };
}

it("a service publishes its states, and the failure and recovery of a component", async () => {
  const { foundation, events, drainPublished } = published();
  const billing = new Orchestrator("billing", foundation, { healthIntervalMs: 100 });
  let health: Health = healthy;
  billing.register("store", { health: () => health });
  events.follow("billing", billing);
  const advance = async () => {
    for (let turn = 0; turn < 30; turn++) await foundation.time.advance(50);
  };
  await billing.start();
  const types = async () => (await drainPublished()).map(({ type }) => type);
  assert.deepEqual(await types(), ["tutti.platform.service.starting", "tutti.platform.service.ready"]);

  health = unhealthy("the disk is gone");
  await advance();
  const [broken, ...more] = await drainPublished();
  assert.equal(broken?.type, "tutti.platform.component.broken");
  assert.deepEqual([broken.data.component, broken.data.reason], ["store", "the disk is gone"]);
  assert.deepEqual(more, []);

  health = healthy;
  await advance();
  assert.deepEqual(await types(), ["tutti.platform.component.recovered"]);
  await billing.stop();
  assert.deepEqual(await types(), ["tutti.platform.service.draining", "tutti.platform.service.stopped"]);
});

it("a service that fails to start publishes the reason", async () => {
  const { foundation, events, drainPublished } = published();
  const billing = new Orchestrator("billing", foundation);
  billing.register("store", { start: () => Promise.reject(new Error("the disk is full")) });
  events.follow("billing", billing);
  await assert.rejects(billing.start());
  const failed = (await drainPublished()).find(({ type }) => type === "tutti.platform.service.failed");
  assert.equal(failed?.data.service, "billing");
  assert.match(failed.data.error.message, /the disk is full/);
});

it("a breaker publishes when it opens and closes, but not when it is half-open", async () => {
  const { events, drainPublished } = published();
  let notify: Parameters<Mesh["clients"]["pool"]["onBreaker"]>[0] = () => {};
  const pool = { onBreaker: (listener: typeof notify) => (notify = listener) };
  events.followBreakers({ clients: { pool } } as unknown as Pick<Mesh, "clients">);
  const instance = { id: "inst_1", service: "swarm", address: "127.0.0.1:1", draining: false };
  for (const state of ["open", "half-open", "closed"] as const) notify(instance, state);
  const all = await drainPublished();
  assert.deepEqual(
    all.map(({ type, subject, data }) => [type, subject, data.service, data.caller]),
    [
      ["tutti.mesh.breaker.opened", "inst_1", "swarm", "proc_1"],
      ["tutti.mesh.breaker.closed", "inst_1", "swarm", "proc_1"],
    ],
  );
});
