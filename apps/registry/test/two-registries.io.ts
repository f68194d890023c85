/**
 * Two registries over one NATS server that is killed from time to time. Instances register, change their
 * health and leave at either, in any order. At the end both know the last report of each instance.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { HealthState } from "@tutti/contracts/registry/v1";
import { type Foundation, isTuttiError, silentLogger, sleep, systemFoundation } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { registrySection } from "../src/configuration.ts";
import { registrarInstruments } from "../src/effects/instruments.ts";
import { NatsStore } from "../src/effects/nats-store.ts";
import { Registrar } from "../src/effects/registrar.ts";
import { instance } from "./fixtures.ts";
import { renewal } from "./registry.fixture.ts";

const program = await natsServerProgram();
const foundation: Foundation = systemFoundation({ logger: silentLogger });
const pauseMs = (ms: number) => sleep(foundation.timers, ms);

async function openRegistry(server: NatsServer, registry: string) {
  const connection = await connectionTo([server.address], { foundation });
  const registrar = new Registrar({
    store: new NatsStore({ connection, foundation, registry, replicas: 1 }),
    settings: registrySection.schema.parse({}),
    foundation,
    instruments: registrarInstruments(foundation.metrics),
    announce: () => {},
  });
  const { signal } = new AbortController();
  const health = { healthy: () => {}, degraded: () => {}, unhealthy: () => {} };
  await registrar.start({ name: "registrar", signal, logger: silentLogger, health, fail: () => {} });
  const stop = async () => {
    await registrar.stop();
    await connection[Symbol.asyncDispose]();
  };
  return { registrar, stop };
}

/** Retries calls that may be repeated, as a mesh does. */
async function retried(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      assert.ok(isTuttiError(error) && error.retryable, String(error));
      await pauseMs(2);
    }
  }
}

describe("two registries over one NATS server", { skip: program.skip }, () => {
  const chance = seededChance(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance.random() * list.length)] as T;
  let server: NatsServer;
  let registries: Awaited<ReturnType<typeof openRegistry>>[];

  before(async () => {
    server = await startNatsServer();
    registries = await Promise.all(["one", "two"].map((name) => openRegistry(server, name)));
  });
  after(async () => {
    await Promise.all(registries.map(({ stop }) => stop()));
    await server?.[Symbol.asyncDispose]();
  });

  const any = () => pick(registries).registrar;

  /** Sends health to both at once. It is refused while NATS is unavailable: heartbeats are not repeated. */
  async function beat(id: string): Promise<void> {
    const states = [HealthState.HEALTH_STATE_READY, HealthState.HEALTH_STATE_NOT_READY];
    const health = { state: pick(states), reason: String(chance.random()) };
    await Promise.allSettled(registries.map(({ registrar }) => registrar.renew([renewal(id, { health })])));
  }

  /** Runs an instance for a while. Returns its last reported version, or empty after a goodbye. */
  async function live(id: string, round: number): Promise<string> {
    let version = "";
    for (let step = 0; step < 6; step++) {
      const beating = beat(id);
      version = chance.random() < 0.6 ? `1.${round}.${step}` : "";
      await retried(() =>
        version === "" ? any().deregister(id, "drained") : any().register(instance(id, { version }), 0),
      );
      await beating;
    }
    return version;
  }

  it("agree on the last registration of each instance, also if the server is killed", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `i${index}`);
    for (let round = 0; round < 30; round++) {
      const lives = Promise.all(ids.map((id) => live(id, round)));
      if (round % 5 === 2) {
        await pauseMs(15);
        await server.down("kill");
        await server.up();
      }
      const versions = await lives;
      for (const { registrar } of registries) {
        const known = () => ids.map((id) => registrar.directory.get(id)?.version ?? "");
        while (known().join() !== versions.join()) await pauseMs(5);
      }
    }
  });
});
