import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate } from "@tutti/kernel/testing";
import type { Delivery, SubscribeOptions } from "../../port.ts";
import { Collector, freshNamespace, type Opened, testEvent } from "../fixture.ts";

export function durableTests(opened: () => Opened): void {
  const numbered = (namespace: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) =>
      testEvent({ namespace, id: `n${from + index}-${namespace}` }),
    );
  const idsOf = (namespace: string, from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}-${namespace}`);

  describe("a durable subscription", () => {
    it("continues at its position, including events published while it had no subscriber", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const options = { pattern: ">", namespace, durable: "reader", start: "first" } as const;
      const first = new Collector();
      const subscription = await bus.subscribe({ ...options, handle: first });
      await bus.publish(numbered(namespace, 1, 3));
      await first.count(3);
      await subscription.close();
      await bus.publish(numbered(namespace, 4, 6));
      const second = new Collector();
      await using _ = await other.subscribe({ ...options, handle: second });
      await bus.publish(numbered(namespace, 7, 7));
      await second.count(4);
      assert.deepEqual(first.ids, idsOf(namespace, 1, 3));
      assert.deepEqual(second.ids, idsOf(namespace, 4, 7));
    });

    it("has a place of its own in each namespace", async () => {
      const { bus } = opened();
      const [one, two] = [freshNamespace(), freshNamespace()];
      await bus.publish([...numbered(one, 1, 1), ...numbered(two, 1, 1)]);
      for (const namespace of [one, two]) {
        const collector = new Collector();
        const options = {
          pattern: ">",
          namespace,
          durable: "same",
          start: "first",
          handle: collector,
        } as const;
        await using _ = await bus.subscribe(options);
        await collector.count(1);
        assert.deepEqual(collector.ids, idsOf(namespace, 1, 1));
      }
    });

    it("changes its pattern without losing its position", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const options = { namespace, durable: "changing", start: "first" } as const;
      const typed = (word: string) => testEvent({ namespace, type: `tutti.test.${word}.happened` });
      const before = new Collector();
      const subscription = await bus.subscribe({ ...options, pattern: "tutti.test.a.*", handle: before });
      await bus.publish([typed("a")]);
      await before.count(1);
      await subscription.close();
      const after = new Collector();
      await using _ = await bus.subscribe({ ...options, pattern: "tutti.test.b.*", handle: after });
      const expected = typed("b");
      await bus.publish([typed("a"), expected]);
      await after.count(1);
      assert.deepEqual(after.ids, [expected.id]);
    });

    it("distributes its events among its members, each event to one member", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const options = { pattern: ">", namespace, durable: "group", start: "first", maxInFlight: 1 } as const;
      const all = new Collector();
      const turnstile = gate();
      const handling = new Set<string>();
      const member = (name: string): SubscribeOptions => ({
        ...options,
        handle: {
          each: async (_event, delivery) => {
            handling.add(name);
            await turnstile.pass();
            all.collect(delivery);
          },
        },
      });
      await using _ = await bus.subscribe(member("one"));
      await using __ = await other.subscribe(member("other"));
      const events = Array.from({ length: 20 }, (_, index) =>
        testEvent({ namespace, subject: `thing_${index}` }),
      );
      await bus.publish(events);
      // Each takes only one: both are needed for two concurrent events.
      await turnstile.arrivals(2);
      assert.deepEqual([...handling].sort(), ["one", "other"]);
      turnstile.open();
      await all.count(20);
      assert.deepEqual(all.ids.sort(), events.map(({ id }) => id).sort());
    });

    it("redelivers unfinished events of a leaving member to another member", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const options = {
        pattern: ">",
        namespace,
        durable: "leaving",
        start: "first",
        maxInFlight: 8,
      } as const;
      const stuck = gate();
      const leaving = await bus.subscribe({ ...options, handle: { each: () => stuck.pass() } });
      await bus.publish(numbered(namespace, 1, 5));
      await stuck.arrivals(1);
      await leaving.close(AbortSignal.abort());
      await leaving.closed;
      const collector = new Collector();
      await using _ = await other.subscribe({ ...options, handle: collector });
      await collector.count(5);
      // In any order: they were in the hands of a member that did not finish.
      assert.deepEqual(collector.ids.toSorted(), idsOf(namespace, 1, 5));
      stuck.open();
    });

    it("finishes running handlers on close, and leaves the other events to the next subscriber", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const options = {
        pattern: ">",
        namespace,
        durable: "closing",
        start: "first",
        maxInFlight: 3,
      } as const;
      const turnstile = gate();
      const handled = new Collector();
      const each = async (_event: unknown, delivery: Delivery) => {
        await turnstile.pass();
        handled.collect(delivery);
      };
      const first = await bus.subscribe({ ...options, handle: { each } });
      await bus.publish(numbered(namespace, 1, 5));
      await turnstile.arrivals(1);
      const closed = first.close();
      turnstile.open();
      await closed;
      assert.ok(handled.ids.length <= 3, `${handled.ids} were in hand`);
      await using _ = await other.subscribe({ ...options, handle: handled });
      await handled.count(5);
      assert.deepEqual(handled.ids, idsOf(namespace, 1, 5));
    });

    it("is forgotten with its place", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const options = { pattern: ">", namespace, durable: "forgotten", start: "first" } as const;
      assert.equal(await bus.removeCursor("forgotten", namespace), false);
      await bus.publish(numbered(namespace, 1, 2));
      const before = new Collector();
      const subscription = await bus.subscribe({ ...options, handle: before });
      await before.count(2);
      assert.equal(await bus.removeCursor("forgotten", namespace), true);
      await subscription.closed;
      const restarted = new Collector();
      await using _ = await bus.subscribe({ ...options, handle: restarted });
      await restarted.count(2);
      assert.deepEqual(restarted.ids, idsOf(namespace, 1, 2));
    });
  });

  describe("a subscription starts", () => {
    for (const durable of [undefined, "beginning"]) {
      const kind = durable === undefined ? "live" : "durable";
      const options = (namespace: string, own: Pick<SubscribeOptions, "handle" | "start" | "onGap">) => ({
        pattern: ">",
        namespace,
        ...(durable === undefined ? {} : { durable }),
        ...own,
      });

      it(`with new events (${kind})`, async () => {
        const { bus, other } = opened();
        const namespace = freshNamespace();
        await bus.publish(numbered(namespace, 1, 2));
        const collector = new Collector();
        await using _ = await other.subscribe(options(namespace, { handle: collector, start: "new" }));
        await bus.publish(numbered(namespace, 3, 4));
        await collector.count(2);
        assert.deepEqual(collector.ids, idsOf(namespace, 3, 4));
      });

      it(`with the oldest event, and continues with new events (${kind})`, async () => {
        const { bus, other } = opened();
        const namespace = freshNamespace();
        await bus.publish(numbered(namespace, 1, 3));
        const collector = new Collector();
        await using _ = await other.subscribe(options(namespace, { handle: collector, start: "first" }));
        await collector.count(3);
        await bus.publish(numbered(namespace, 4, 4));
        await collector.count(4);
        assert.deepEqual(collector.ids, idsOf(namespace, 1, 4));
      });

      it(`after a position (${kind})`, async () => {
        const { bus, other } = opened();
        const namespace = freshNamespace();
        const earlier = new Collector();
        await using _ = await bus.subscribe({ pattern: ">", namespace, handle: earlier });
        await bus.publish(numbered(namespace, 1, 5));
        await earlier.count(5);
        const after = earlier.deliveries[2]?.position ?? assert.fail();
        const collector = new Collector();
        const { onGap } = collector;
        await using __ = await other.subscribe(
          options(namespace, { handle: collector, start: { after }, onGap }),
        );
        await collector.count(2);
        assert.deepEqual(collector.ids, idsOf(namespace, 4, 5));
        assert.deepEqual(collector.gaps, []);
      });

      it(`after an earlier end of the log, if no event was delivered before (${kind})`, async () => {
        const { bus, other } = opened();
        const namespace = freshNamespace();
        await bus.publish(numbered(namespace, 1, 2));
        const after = await other.tail();
        await bus.publish(numbered(namespace, 3, 4));
        const collector = new Collector();
        const own = { handle: collector, onGap: collector.onGap, start: { after } };
        await using _ = await other.subscribe(options(namespace, own));
        await collector.count(2);
        assert.deepEqual(collector.ids, idsOf(namespace, 3, 4));
        assert.deepEqual(collector.gaps, []);
      });

      it(`from the beginning, with a gap, after a position of another log (${kind})`, async () => {
        const { bus } = opened();
        const namespace = freshNamespace();
        await bus.publish(numbered(namespace, 1, 2));
        const collector = new Collector();
        const own = { handle: collector, onGap: collector.onGap, start: { after: "elsewhere.1" } };
        await using _ = await bus.subscribe(options(namespace, own));
        await collector.count(2);
        assert.deepEqual(collector.ids, idsOf(namespace, 1, 2));
        assert.deepEqual(collector.gaps, [{ reason: "reset", count: undefined }]);
      });
    }
  });
}
