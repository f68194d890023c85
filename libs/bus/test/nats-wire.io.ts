import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection as NatsClient } from "@nats-io/transport-node";
import type { NatsConnection } from "@tutti/nats";
import { connectionTo, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { NatsBus } from "../src/nats/index.ts";
import { Collector, freshNamespace, testEvent } from "../src/testing/index.ts";

const program = await natsServerProgram();
const { signal } = new AbortController();

describe("the bus on the wire, with a plain NATS client", { skip: program.skip }, () => {
  let connection: NatsConnection & AsyncDisposable;
  let bus: NatsBus;
  let plain: NatsClient;
  before(async () => {
    const { address, user, password, settings } = await natsAccount();
    connection = await connectionTo([address], { settings });
    bus = new NatsBus({ connection });
    await bus.start({ signal });
    plain = await connect({ servers: address, user, pass: password });
  });
  after(async () => {
    await plain?.close();
    await bus.stop(signal);
    await connection?.[Symbol.asyncDispose]();
  });

  it("an event is a message with the attributes as ce- headers and the data as its payload", async () => {
    const namespace = freshNamespace();
    const subscription = plain.subscribe(`tutti.events.${namespace}.workflow.run.*`, { max: 1 });
    await plain.flush();
    await bus.publish([
      testEvent({
        namespace,
        id: "evt_1",
        source: "/tutti/workflow",
        type: "tutti.workflow.run.completed",
        subject: 'run "1" ü',
        timeMs: 1_767_225_600_123,
        data: new TextEncoder().encode('{"outcome":"good"}'),
        extensions: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
      }),
    ]);
    for await (const message of subscription) {
      assert.equal(message.subject, `tutti.events.${namespace}.workflow.run.completed`);
      assert.deepEqual(message.json(), { outcome: "good" });
      assert.deepEqual(
        Object.fromEntries([...(message.headers ?? [])].map(([name, [value]]) => [name, value])),
        {
          "Nats-Msg-Id": `${namespace}/evt_1`,
          "ce-specversion": "1.0",
          "ce-id": "evt_1",
          "ce-source": "/tutti/workflow",
          "ce-type": "tutti.workflow.run.completed",
          "ce-subject": "run%20%221%22%20%C3%BC",
          "ce-time": "2026-01-01T00:00:00.123Z",
          "ce-datacontenttype": "application/json",
          "ce-namespace": namespace,
          "ce-traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
      );
    }
  });

  it("the stream can be read with a plain consumer", async () => {
    const namespace = freshNamespace();
    await bus.publish([testEvent({ namespace, id: "a" }), testEvent({ namespace, id: "b" })]);
    const consumer = await jetstream(plain).consumers.get("TUTTI_EVENTS", {
      filter_subjects: `tutti.events.${namespace}.>`,
    });
    const ids: (string | undefined)[] = [];
    for await (const message of await consumer.fetch({ max_messages: 2, expires: 2_000 })) {
      ids.push(message.headers?.get("ce-id"));
    }
    assert.deepEqual(ids, ["a", "b"]);
  });

  for (const durable of [undefined, "reader"]) {
    it(`an event published by a plain client arrives. Messages that are no events are skipped (${durable ?? "live"})`, async () => {
      const namespace = freshNamespace();
      const collector = new Collector();
      const named = durable === undefined ? {} : { durable };
      await using _ = await bus.subscribe({ pattern: ">", namespace, ...named, handle: collector });
      const foreign = headers();
      for (const [name, value] of [
        ["ce-specversion", "1.0"],
        ["ce-id", "from-outside"],
        ["ce-source", "https://example.com"],
        ["ce-type", "tutti.shop.order.placed"],
        ["ce-subject", "order%201"],
        ["ce-time", "2026-01-01T01:00:00+01:00"],
        ["ce-namespace", namespace],
        ["ce-custom", "x"],
      ] as const) {
        foreign.set(name, value);
      }
      const subject = `tutti.events.${namespace}.shop.order.placed`;
      plain.publish(subject, "no headers at all");
      plain.publish(subject, "half a header", { headers: half() });
      await jetstream(plain).publish(subject, "data", { headers: foreign });
      await collector.count(1);
      const event = collector.deliveries[0]?.event ?? assert.fail();
      assert.deepEqual(
        { ...event, data: undefined },
        {
          id: "from-outside",
          source: "https://example.com",
          type: "tutti.shop.order.placed",
          subject: "order 1",
          namespace,
          timeMs: 1_767_225_600_000,
          dataContentType: "application/json",
          extensions: { custom: "x" },
          data: undefined,
        },
      );
    });
  }

  it("a message larger than the limit of the server is refused, and the next message is accepted", async () => {
    const namespace = freshNamespace();
    const extensions = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`x${index}`, "ü".repeat(1_000)]),
    );
    const large = testEvent({ namespace, data: new Uint8Array(1_030_000), extensions });
    await assert.rejects(bus.publish([large]), { code: "nats.too_large" });
    await bus.publish([testEvent({ namespace })]);
  });
});

function half() {
  const incomplete = headers();
  incomplete.set("ce-id", "x");
  incomplete.set("ce-type", "tutti.shop.order.placed");
  return incomplete;
}
