import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger } from "@tutti/kernel/testing";
import type { NatsConnection } from "@tutti/nats";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { busErrors, type EventInput } from "../src/index.ts";
import { NatsBus, type NatsBusOptions } from "../src/nats/index.ts";
import { Collector, freshNamespace, testEvent } from "../src/testing/index.ts";

const program = await natsServerProgram();
const { signal } = new AbortController();

/** Returns a bus on its own server, so that the server can come and go. */
async function busOn(
  server: NatsServer,
  options: Omit<NatsBusOptions, "connection"> = {},
): Promise<{ bus: NatsBus; connection: NatsConnection } & AsyncDisposable> {
  const connection = await connectionTo([server.address]);
  const bus = new NatsBus({ connection, confirmMs: 100, ...options });
  await bus.start({ signal });
  return {
    bus,
    connection,
    async [Symbol.asyncDispose]() {
      await bus.stop(AbortSignal.abort());
      await connection.stop(AbortSignal.abort());
    },
  };
}

const some = (namespace: string, count: number): EventInput[] =>
  Array.from({ length: count }, (_, index) => testEvent({ namespace, subject: `s${index % 7}` }));

describe("bus over NATS during outages of its server", { skip: program.skip }, () => {
  for (const mode of ["stop", "kill"] as const) {
    it(`durable and live subscriptions continue after a ${mode}, in order and without loss`, async () => {
      await using server = await startNatsServer({ jetstream: "sync_interval: always" });
      await using one = await busOn(server);
      await using two = await busOn(server);
      const namespace = freshNamespace();
      const [durable, live] = [new Collector(), new Collector()];
      const handled = new Set<string>();
      const options = { pattern: ">", namespace, maxInFlight: 16 } as const;
      await using _ = await two.bus.subscribe({
        ...options,
        durable: "survivor",
        ackWaitMs: 500,
        handle: {
          each: (event, delivery) => {
            // At least once: a crash may lose an acknowledgement.
            if (!handled.has(event.id)) durable.collect(delivery);
            handled.add(event.id);
          },
        },
      });
      await using __ = await two.bus.subscribe({ ...options, handle: live, onGap: live.onGap });
      const events = some(namespace, 600);
      const published: Promise<void>[] = [];
      for (let round = 0; round < 3; round++) {
        for (let from = round * 200; from < (round + 1) * 200; from += 20) {
          published.push(one.bus.publish(events.slice(from, from + 20)));
        }
        await live.count(round * 200 + 1);
        if (round === 2) break;
        await server.down(mode);
        await server.up();
      }
      await Promise.all(published);
      await durable.count(600);
      await live.count(600);
      for (const collector of [durable, live]) {
        assert.deepEqual(collector.ids.toSorted(), events.map(({ id }) => id).toSorted());
        for (let lane = 0; lane < 7; lane++) {
          const ofLane = collector.deliveries.filter(({ event }) => event.subject === `s${lane}`);
          const expected = events.filter(({ subject }) => subject === `s${lane}`);
          assert.deepEqual(
            ofLane.map(({ event }) => event.id),
            expected.map(({ id }) => id),
          );
        }
      }
      assert.deepEqual(live.gaps, []);
    });
  }

  it("a publication made during an outage is accepted after the server returns", async () => {
    await using server = await startNatsServer();
    await using fixture = await busOn(server);
    const namespace = freshNamespace();
    const collector = new Collector();
    await using _ = await fixture.bus.subscribe({ pattern: ">", namespace, handle: collector });
    await server.down();
    const events = some(namespace, 50);
    const published = fixture.bus.publish(events);
    await server.up();
    await published;
    await collector.count(50);
    assert.deepEqual(collector.ids.toSorted(), events.map(({ id }) => id).toSorted());
  });

  it("a publication that is not confirmed in time fails with the reason and the remedy. A retry is safe", async () => {
    await using server = await startNatsServer();
    await using fixture = await busOn(server);
    const namespace = freshNamespace();
    const collector = new Collector();
    await using _ = await fixture.bus.subscribe({ pattern: ">", namespace, handle: collector });
    const events = some(namespace, 5);
    await server.down();
    await assert.rejects(fixture.bus.publish(events, { timeoutMs: 30 }), (error) => {
      assert.ok(busErrors.notAccepted.is(error));
      assert.match(
        error.message,
        /The bus did not confirm 5 of 5 events within 30 ms: the connection is lost .*\. Publish the same events with the same ids again/,
      );
      assert.deepEqual([error.status, error.retry], ["UNAVAILABLE", "same-key"]);
      return true;
    });
    await server.up();
    await fixture.bus.publish(events);
    await fixture.bus.publish(events);
    await fixture.bus.publish([testEvent({ namespace, id: "end" })]);
    await collector.until(() => collector.ids.includes("end"));
    assert.equal(collector.ids.length, 6);
  });

  it("buffers no more events than its limit while the server is unavailable: the publisher waits", async () => {
    await using server = await startNatsServer();
    await using fixture = await busOn(server, { waitingMax: 10 });
    const namespace = freshNamespace();
    await server.down();
    const first = fixture.bus.publish(some(namespace, 8));
    let isSecondAccepted = false;
    const second = fixture.bus.publish(some(namespace, 8)).then(() => {
      isSecondAccepted = true;
    });
    const third = fixture.bus.publish(some(namespace, 8), { timeoutMs: 20 });
    await assert.rejects(third, busErrors.notAccepted.is);
    assert.equal(isSecondAccepted, false);
    await server.up();
    await Promise.all([first, second]);
  });

  it("reports a recreated log to readers, and continues with it", async () => {
    await using server = await startNatsServer();
    await using fixture = await busOn(server);
    const namespace = freshNamespace();
    const collector = new Collector();
    const { onGap } = collector;
    await using _ = await fixture.bus.subscribe({ pattern: ">", namespace, handle: collector, onGap });
    await fixture.bus.publish([testEvent({ namespace, id: "before" })]);
    await collector.count(1);
    const manager = await fixture.connection.manager("test");
    await manager.streams.delete("TUTTI_EVENTS");
    await fixture.bus.start({ signal });
    await fixture.connection.client("test").reconnect();
    await fixture.bus.publish([testEvent({ namespace, id: "after" })]);
    await collector.count(2);
    assert.deepEqual(collector.ids, ["before", "after"]);
    assert.deepEqual(collector.gaps, [{ reason: "reset", count: undefined }]);
  });

  it("completes pending publications and deliveries when it drains", async () => {
    await using server = await startNatsServer();
    const connection = await connectionTo([server.address]);
    const bus = new NatsBus({ connection });
    await bus.start({ signal });
    const namespace = freshNamespace();
    const collector = new Collector();
    await bus.subscribe({ pattern: ">", namespace, durable: "drained", handle: collector });
    const published = bus.publish(some(namespace, 100));
    await bus.drain(signal);
    await published;
    await bus.stop(signal);
    await connection.stop(signal);
    await using restarted = await busOn(server);
    await using _ = await restarted.bus.subscribe({
      pattern: ">",
      namespace,
      durable: "drained",
      handle: collector,
    });
    await collector.count(100);
    assert.equal(new Set(collector.ids).size, 100);
  });

  it("waits for JetStream at its start, and stops waiting when it is aborted", async () => {
    await using server = await startNatsServer();
    const logger = recordingLogger();
    const connection = await connectionTo([server.address], { foundation: { logger } });
    await server.down();
    const bus = new NatsBus({ connection });
    const stop = new AbortController();
    const started = bus.start({ signal: stop.signal });
    await new Promise<void>((resolve) => {
      const stopListening = connection.onState((state) => {
        if (state.kind !== "disconnected" || state.attempts < 2) return;
        stopListening();
        resolve();
      });
    });
    stop.abort(new Error("enough"));
    await assert.rejects(started, /enough/);
    await connection.stop(signal);
  });
});
