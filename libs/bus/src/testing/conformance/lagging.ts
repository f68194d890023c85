import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate } from "@tutti/kernel/testing";
import { busErrors } from "../../errors.ts";
import type { Delivery } from "../../port.ts";
import { type BusUnderTest, Collector, freshNamespace, type Opened, testEvent } from "../fixture.ts";

export function laggingTests(opened: () => Opened, underTest: BusUnderTest): void {
  const some = (namespace: string, count: number) =>
    Array.from({ length: count }, () => testEvent({ namespace }));

  describe("a slow subscriber", () => {
    it("that is durable delays neither the publisher nor other subscribers, and receives all events later", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const turnstile = gate();
      const [slow, fast] = [new Collector(), new Collector()];
      const each = async (_event: unknown, delivery: Delivery) => {
        await turnstile.pass();
        slow.collect(delivery);
      };
      const options = { pattern: ">", namespace, durable: "slow", maxInFlight: 4 } as const;
      await using _ = await bus.subscribe({ ...options, handle: { each } });
      await using __ = await other.subscribe({ pattern: ">", namespace, handle: fast });
      const events = some(namespace, 1_000);
      for (let from = 0; from < events.length; from += 250) await bus.publish(events.slice(from, from + 250));
      await fast.count(1_000);
      assert.equal(slow.deliveries.length, 0);
      assert.ok(turnstile.waiting <= 4);
      turnstile.open();
      await slow.count(1_000);
      assert.deepEqual(
        slow.ids,
        events.map(({ id }) => id),
      );
      assert.deepEqual([slow.gaps, fast.gaps], [[], []]);
    });

    it("that is live loses the oldest events beyond its buffer and gets their count", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const turnstile = gate();
      const [slow, fast] = [new Collector(), new Collector()];
      const story: string[] = [];
      const options = {
        pattern: ">",
        namespace,
        bufferMax: 10,
        maxInFlight: 1,
        handle: {
          each: async (event: { id: string }, delivery: Delivery) => {
            await turnstile.pass();
            story.push(event.id);
            slow.collect(delivery);
          },
        },
        onGap: (gap: { reason: string; count: number | undefined }) => {
          story.push(`${gap.reason} ${gap.count}`);
        },
      };
      await using _ = await other.subscribe(options);
      await using __ = await other.subscribe({ pattern: ">", namespace, handle: fast });
      const events = some(namespace, 100);
      const first = events.slice(0, 1);
      await bus.publish(first);
      await turnstile.arrivals(1);
      await bus.publish(events.slice(1));
      // Most have passed the slow one's buffer by then. Some may still be under way.
      await fast.count(100);
      await settled();
      turnstile.open();
      await slow.until(() => slow.ids.includes(events.at(-1)?.id ?? ""));
      const [firstHandled, ...rest] = story;
      const gaps = rest.filter((line) => line.startsWith("slow "));
      const dropped = gaps.reduce((sum, line) => sum + Number(line.slice("slow ".length)), 0);
      assert.equal(firstHandled, first[0]?.id);
      assert.equal(rest[0], gaps[0], "the gap comes before the first event after it");
      assert.equal(dropped + slow.ids.length, 100, "every event is delivered or counted as left out");
      assert.deepEqual(
        slow.ids,
        events.map(({ id }) => id).filter((id) => slow.ids.includes(id)),
        "what is delivered is in order",
      );
      assert.ok(dropped > 0);
    });

    it("that starts with the oldest event skips no event while it catches up", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const events = some(namespace, 200);
      await bus.publish(events);
      const collector = new Collector();
      const { onGap } = collector;
      const handle = {
        each: async (_event: unknown, delivery: Delivery) => {
          await settled();
          collector.collect(delivery);
        },
      };
      const options = { pattern: ">", namespace, start: "first", bufferMax: 8, maxInFlight: 1 } as const;
      await using _ = await bus.subscribe({ ...options, handle, onGap });
      await collector.count(200);
      assert.deepEqual(
        collector.ids,
        events.map(({ id }) => id),
      );
      assert.deepEqual(collector.gaps, []);
    });
  });

  describe("a bus with a small log", () => {
    it("reports a gap to a late durable subscription, and continues with the oldest stored event", async () => {
      await using fixture = await underTest.open({ eventsMax: 10 });
      const { bus } = fixture;
      const namespace = freshNamespace();
      const options = { pattern: ">", namespace, durable: "late", start: "first" } as const;
      const before = new Collector();
      const subscription = await bus.subscribe({ ...options, handle: before });
      await bus.publish(some(namespace, 1));
      await before.count(1);
      await subscription.close();
      const events = some(namespace, 30);
      await bus.publish(events);
      const late = new Collector();
      await using _ = await bus.subscribe({ ...options, handle: late, onGap: late.onGap });
      await late.count(10);
      assert.deepEqual(
        late.ids,
        events.slice(-10).map(({ id }) => id),
      );
      assert.deepEqual(late.gaps, [{ reason: "retention", count: undefined }]);
    });

    it("reports a gap to a live subscription with an expired position", async () => {
      await using fixture = await underTest.open({ eventsMax: 10 });
      const { bus } = fixture;
      const namespace = freshNamespace();
      const before = new Collector();
      const subscription = await bus.subscribe({ pattern: ">", namespace, handle: before });
      await bus.publish(some(namespace, 1));
      await before.count(1);
      await subscription.close();
      const events = some(namespace, 30);
      await bus.publish(events);
      const late = new Collector();
      const after = before.deliveries[0]?.position ?? assert.fail();
      const options = { pattern: ">", namespace, start: { after } };
      await using _ = await bus.subscribe({ ...options, handle: late, onGap: late.onGap });
      await late.count(10);
      assert.deepEqual(
        late.ids,
        events.slice(-10).map(({ id }) => id),
      );
      assert.deepEqual(late.gaps, [{ reason: "retention", count: undefined }]);
    });
  });

  describe("a bus that stops", () => {
    it("ends its subscriptions, and rejects publications and new subscriptions", async () => {
      const fixture = await underTest.open();
      const { bus } = fixture;
      const namespace = freshNamespace();
      const subscription = await bus.subscribe({ pattern: ">", namespace, handle: new Collector() });
      await fixture[Symbol.asyncDispose]();
      await subscription.closed;
      await assert.rejects(bus.publish([testEvent({ namespace })]), busErrors.stopped.is);
      await assert.rejects(bus.subscribe({ pattern: ">", handle: new Collector() }), busErrors.stopped.is);
    });
  });
}

/** Lets everything run that is ready. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}
