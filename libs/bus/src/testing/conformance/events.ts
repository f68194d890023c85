import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { busErrors } from "../../errors.ts";
import { Collector, freshNamespace, type Opened, testEvent } from "../fixture.ts";

export function eventTests(opened: () => Opened): void {
  describe("events", () => {
    it("arrive as they were published, every attribute and byte", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const collector = new Collector();
      await using _ = await other.subscribe({ pattern: ">", namespace, handle: collector });
      const sent = [
        testEvent({ namespace, data: new TextEncoder().encode('{"a":1}') }),
        testEvent({
          namespace,
          id: "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
          source: "https://example.com/a?b=c%20d#e",
          type: "tutti.work_flow.run2.timed-out",
          subject: '  Größe "100 %"\u2028 😀 ',
          timeMs: 1_767_225_600_123,
          dataContentType: 'text/plain; charset="utf-8"',
          data: Uint8Array.from({ length: 256 }, (_, byte) => byte),
          extensions: {
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            note: "ä %41 b",
          },
        }),
        testEvent({ namespace, data: new Uint8Array(900_000).fill(7) }),
      ];
      await bus.publish(sent);
      await collector.count(3);
      const received = collector.deliveries.map(({ event }) => event);
      for (const [index, input] of sent.entries()) {
        const { data, ...attributes } = received.find(({ id }) => id === input.id) ?? assert.fail();
        const expected = { dataContentType: "application/json", extensions: {}, ...input, data: undefined };
        assert.deepEqual({ ...attributes, data: undefined }, expected, `event ${index}`);
        assert.ok(Buffer.from(data).equals(input.data), `data of event ${index}`);
      }
      assert.ok(received.every(Object.isFrozen));
    });

    const patterns: readonly [string, readonly string[]][] = [
      [">", ["a.run.done", "a.run.failed", "a.task.done", "b.run.done"]],
      ["tutti.>", ["a.run.done", "a.run.failed", "a.task.done", "b.run.done"]],
      ["tutti.a.>", ["a.run.done", "a.run.failed", "a.task.done"]],
      ["tutti.a.run.>", ["a.run.done", "a.run.failed"]],
      ["tutti.a.run.*", ["a.run.done", "a.run.failed"]],
      ["tutti.*.*.done", ["a.run.done", "a.task.done", "b.run.done"]],
      ["tutti.*.run.*", ["a.run.done", "a.run.failed", "b.run.done"]],
      ["tutti.*.run.>", ["a.run.done", "a.run.failed", "b.run.done"]],
      ["tutti.b.run.done", ["b.run.done"]],
    ];
    it("go to the subscriptions with a matching pattern", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const collectors = await Promise.all(
        patterns.map(async ([pattern]) => {
          const collector = new Collector();
          const handle = collector;
          return {
            collector,
            subscription: await bus.subscribe({ pattern, namespace, handle, maxInFlight: 1 }),
          };
        }),
      );
      const types = ["a.run.done", "a.run.failed", "a.task.done", "b.run.done"];
      await bus.publish(types.map((type) => testEvent({ namespace, type: `tutti.${type}` })));
      for (const [index, [pattern, expected]] of patterns.entries()) {
        const collector = collectors[index]?.collector ?? assert.fail();
        await collector.count(expected.length);
        const got = collector.deliveries.map(({ event }) => event.type.slice("tutti.".length));
        assert.deepEqual(got, expected, pattern);
      }
      await Promise.all(collectors.map(({ subscription }) => subscription.close()));
    });

    it("stay in their namespace, except for subscriptions to all namespaces", async () => {
      const { bus } = opened();
      const [one, two] = [freshNamespace(), freshNamespace()];
      const type = `tutti.test.${one}.happened`;
      const [inOne, inAll] = [new Collector(), new Collector()];
      await using _ = await bus.subscribe({ pattern: type, namespace: one, handle: inOne });
      await using __ = await bus.subscribe({ pattern: type, handle: inAll });
      const events = [two, one, two, one].map((namespace) => testEvent({ namespace, type }));
      await bus.publish(events);
      await inAll.count(4);
      await inOne.count(2);
      assert.deepEqual(inOne.ids, [events[1]?.id, events[3]?.id]);
    });

    it("that are repeated with their id are delivered once, the same id in another namespace is another event", async () => {
      const { bus, other } = opened();
      const [one, two] = [freshNamespace(), freshNamespace()];
      const collector = new Collector();
      const type = `tutti.test.${one}.happened`;
      await using _ = await bus.subscribe({ pattern: type, handle: collector, maxInFlight: 1 });
      const event = testEvent({ namespace: one, type });
      await bus.publish([event, event]);
      await other.publish([event]);
      await bus.publish([
        { ...event, namespace: two },
        testEvent({ namespace: one, type, id: "last-of-repeats" }),
      ]);
      await collector.until(() => collector.ids.includes("last-of-repeats"));
      await collector.count(3);
      const got = collector.deliveries.map(({ event: { id, namespace } }) => `${namespace} ${id}`).sort();
      assert.deepEqual(got, [`${one} ${event.id}`, `${one} last-of-repeats`, `${two} ${event.id}`].sort());
    });

    const bad: readonly [string, object, string][] = [
      ["an empty id", { id: "" }, "id"],
      ["an id with a space", { id: "a b" }, "id"],
      ["no source", { source: "" }, "source"],
      ["a type with a space", { type: "com.example thing" }, "type"],
      ["a short type", { type: "tutti.a.b" }, "type"],
      ["a type with a wildcard", { type: "tutti.a.*.b" }, "type"],
      ["a subject with a line break", { subject: "a\r\nce-id: b" }, "subject"],
      ["a subject that is no Unicode", { subject: "\ud800" }, "subject"],
      ["a namespace with dots", { namespace: "a.b" }, "namespace"],
      ["no time", { timeMs: Number.NaN }, "timeMs"],
      ["a media type with a line break", { dataContentType: "a/b\n" }, "dataContentType"],
      ["data that is no bytes", { data: "{}" }, "data"],
      ["an extension named as an attribute", { extensions: { source: "x" } }, "extensions.source"],
      ["an extension with a bad name", { extensions: { "trace-id": "x" } }, "extensions.trace-id"],
      ["an empty extension", { extensions: { a: "" } }, "extensions.a"],
    ];
    for (const [title, change, field] of bad) {
      it(`are refused with ${title}, and the whole batch with them`, async () => {
        const { bus } = opened();
        const namespace = freshNamespace();
        const collector = new Collector();
        await using _ = await bus.subscribe({ pattern: ">", namespace, handle: collector });
        const refused = bus.publish([testEvent({ namespace }), { ...testEvent({ namespace }), ...change }]);
        await assert.rejects(refused, (error) => {
          assert.ok(busErrors.invalidEvent.is(error));
          assert.deepEqual(
            error.violations.map((violation) => violation.field),
            [field],
          );
          return true;
        });
        await bus.publish([testEvent({ namespace, id: "good" })]);
        await collector.count(1);
        assert.deepEqual(collector.ids, ["good"]);
      });
    }

    it("that were posted have types of their own, and are none of Tutti's", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const [own, posted, all] = [new Collector(), new Collector(), new Collector()];
      await using _own = await bus.subscribe({ pattern: "tutti.>", namespace, handle: own });
      await using _posted = await bus.subscribe({ pattern: "Shop.*.created", namespace, handle: posted });
      await using _all = await bus.subscribe({ pattern: ">", namespace, handle: all });
      const first = testEvent({ namespace, id: "one", type: "Shop.order.created", source: "/a" });
      // An id is unique within its source.
      await bus.publish([first, { ...first, source: "/b" }, first, testEvent({ namespace, id: "two" })]);
      await Promise.all([own.count(1), posted.count(2), all.count(3)]);
      assert.deepEqual([own.ids, posted.ids, all.ids], [["two"], ["one", "one"], ["one", "one", "two"]]);
    });

    it("are refused when their data is too large", async () => {
      const namespace = freshNamespace();
      const tooLarge = testEvent({ namespace, data: new Uint8Array(1_048_577) });
      await assert.rejects(opened().bus.publish([tooLarge]), busErrors.tooLarge.is);
    });

    it("can be none", async () => {
      await opened().bus.publish([]);
    });
  });

  describe("subscribing", () => {
    const bad: readonly [string, object, RegExp][] = [
      ["a pattern that starts with a wildcard", { pattern: "*.order" }, /`pattern`: expected a type with/],
      ["a pattern too short", { pattern: "tutti.a.b" }, /pattern/],
      ["a pattern that can match nothing", { pattern: "tutti.a.b.c.>" }, /pattern/],
      ["a rest in the middle", { pattern: "tutti.>.a.b" }, /pattern/],
      [
        "a namespace with a wildcard in it",
        { namespace: "team-*" },
        /`namespace`: expected a namespace or \*/,
      ],
      ["a durable name with a dot", { durable: "a.b" }, /durable/],
      ["nothing in flight", { maxInFlight: 0 }, /`maxInFlight`: expected a whole number from 1/],
      ["a place that is no position", { start: { after: "yesterday" } }, /start\.after/],
      ["a longest pause below the first", { retryFirstMs: 10, retryMaxMs: 5 }, /retryMaxMs/],
      ["an empty batch", { handle: { batch: () => {}, batchMax: 0 } }, /batchMax/],
    ];
    for (const [title, change, message] of bad) {
      it(`is refused with ${title}`, async () => {
        const options = { pattern: ">", handle: new Collector(), ...change };
        await assert.rejects(opened().bus.subscribe(options), (error) => {
          assert.ok(busErrors.invalidSubscription.is(error));
          assert.match(error.message, message);
          return true;
        });
      });
    }
  });
}
