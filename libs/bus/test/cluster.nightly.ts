import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionTo, natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import { NatsBus } from "../src/nats/index.ts";
import { Collector, freshNamespace, testEvent } from "../src/testing/index.ts";

const program = await natsServerProgram();
const { signal } = new AbortController();

describe("bus over a NATS cluster", { skip: program.skip }, () => {
  it("keeps order and loses no event while leaders step down and a server fails", async () => {
    await using servers = await startNatsCluster();
    const addresses = servers.map((server) => server.address);
    const [one, two] = [await connectionTo(addresses), await connectionTo(addresses)];
    const stream = { replicas: 3 };
    const publisher = new NatsBus({ connection: one, stream, confirmMs: 200 });
    const reader = new NatsBus({ connection: two, stream });
    await publisher.start({ signal });
    await reader.start({ signal });
    const namespace = freshNamespace();
    const [durable, live] = [new Collector(), new Collector()];
    const received = new Set<string>();
    const each = (event: { id: string }, delivery: Parameters<Collector["each"]>[1]) => {
      // At least once: redeliveries are recognised by their id.
      if (!received.has(event.id)) durable.collect(delivery);
      received.add(event.id);
    };
    const options = { pattern: ">", namespace, maxInFlight: 256 } as const;
    const group = await reader.subscribe({
      ...options,
      durable: "cluster",
      ackWaitMs: 2_000,
      handle: { each },
    });
    const watching = await reader.subscribe({
      ...options,
      bufferMax: 10_000,
      handle: live,
      onGap: live.onGap,
    });
    const events = Array.from({ length: 3_000 }, (_, index) =>
      testEvent({ namespace, subject: `s${index % 20}` }),
    );
    for (let part = 0; part < 6; part++) {
      const published = events.slice(part * 500, part * 500 + 500);
      const under = [
        publisher.publish(published.slice(0, 250), { timeoutMs: 60_000 }),
        publisher.publish(published.slice(250), { timeoutMs: 60_000 }),
      ];
      if (part === 1 || part === 3) await stepDown(one, part === 1 ? "STREAM" : "CONSUMER");
      if (part === 4) await servers[0]?.down("kill");
      await Promise.all(under);
    }
    await durable.count(events.length);
    await live.count(events.length);
    for (const collector of [durable, live]) {
      for (let lane = 0; lane < 20; lane++) {
        const got = collector.deliveries.filter(({ event }) => event.subject === `s${lane}`);
        const expected = events.filter(({ subject }) => subject === `s${lane}`);
        assert.deepEqual(
          got.map(({ event }) => event.id),
          expected.map(({ id }) => id),
        );
      }
    }
    assert.deepEqual(live.gaps, []);
    await Promise.all([group.close(), watching.close()]);
    await Promise.all([publisher.stop(signal), reader.stop(signal)]);
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
  });
});

/** Makes the leader of the stream, or of the durable subscription, step down. */
async function stepDown(connection: Awaited<ReturnType<typeof connectionTo>>, target: "STREAM" | "CONSUMER") {
  const client = connection.client("test");
  if (target === "STREAM") {
    await client.request("$JS.API.STREAM.LEADER.STEPDOWN.TUTTI_EVENTS", "", { timeout: 5_000 });
    return;
  }
  const manager = await connection.manager("test");
  for await (const { name } of manager.consumers.list("TUTTI_EVENTS")) {
    await client.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.TUTTI_EVENTS.${name}`, "", { timeout: 5_000 });
  }
}
