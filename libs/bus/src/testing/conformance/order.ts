import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, seededChance } from "@tutti/kernel/testing";
import type { Delivery } from "../../port.ts";
import { Collector, freshNamespace, type Opened, testEvent } from "../fixture.ts";

export function orderTests(opened: () => Opened): void {
  describe("order", () => {
    it("holds for each subject, one event at a time, while subjects run in parallel", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const chance = seededChance(1);
      const collector = new Collector();
      const running = new Set<string>();
      let most = 0;
      const handle = {
        each: async (event: { subject: string }, delivery: Delivery) => {
          assert.ok(!running.has(event.subject), `two of ${event.subject} at once`);
          running.add(event.subject);
          most = Math.max(most, running.size);
          for (let turns = Math.floor(chance.random() * 4); turns > 0; turns--) await nextTurn();
          running.delete(event.subject);
          collector.collect(delivery);
        },
      };
      await using _ = await other.subscribe({ pattern: ">", namespace, durable: "lanes", handle });
      const events = Array.from({ length: 300 }, (_, index) =>
        testEvent({ namespace, subject: `s${index % 5}`, extensions: { n: String(index) } }),
      );
      for (let from = 0; from < events.length; from += 50) await bus.publish(events.slice(from, from + 50));
      await collector.count(300);
      assert.deepEqual(bySubject(collector), bySubjectOf(events));
      assert.ok(most > 1, "subjects went side by side");
    });

    it("holds when publications overlap", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const collector = new Collector();
      await using _ = await bus.subscribe({ pattern: ">", namespace, handle: collector });
      const events = Array.from({ length: 60 }, (_, index) =>
        testEvent({ namespace, subject: `s${index % 3}`, extensions: { n: String(index) } }),
      );
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => bus.publish(events.slice(index * 3, index * 3 + 3))),
      );
      await collector.count(60);
      assert.deepEqual(bySubject(collector), bySubjectOf(events));
    });

    it("is the order of the log over all subjects and members, one event at a time, with `inOrder: all`", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const collector = new Collector();
      let running = 0;
      const handle = {
        each: async (_event: unknown, delivery: Delivery) => {
          running++;
          assert.equal(running, 1);
          await nextTurn();
          running--;
          collector.collect(delivery);
        },
      };
      const options = { pattern: ">", namespace, durable: "strict", inOrder: "all", handle } as const;
      await using _ = await bus.subscribe(options);
      await using __ = await other.subscribe(options);
      const events = Array.from({ length: 40 }, (_, index) =>
        testEvent({ namespace, subject: `s${index % 7}` }),
      );
      for (const event of events) await bus.publish([event]);
      await collector.count(40);
      assert.deepEqual(
        collector.ids,
        events.map(({ id }) => id),
      );
    });

    it("holds within batches, one batch at a time", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const collector = new Collector();
      const sizes: number[] = [];
      let running = 0;
      const batch = async (deliveries: readonly Delivery[]) => {
        running++;
        assert.equal(running, 1);
        sizes.push(deliveries.length);
        await nextTurn();
        running--;
        for (const delivery of deliveries) collector.collect(delivery);
      };
      const options = {
        pattern: ">",
        namespace,
        durable: "batches",
        start: "first",
        maxInFlight: 200,
      } as const;
      const events = Array.from({ length: 500 }, (_, index) =>
        testEvent({ namespace, subject: `s${index % 9}` }),
      );
      await bus.publish(events);
      await using _ = await bus.subscribe({ ...options, handle: { batch, batchMax: 50 } });
      await collector.count(500);
      assert.deepEqual(collector.ids.toSorted(), events.map(({ id }) => id).toSorted());
      assert.deepEqual(bySubject(collector), bySubjectOf(events));
      assert.ok(Math.max(...sizes) > 10 && Math.max(...sizes) <= 50, `sizes ${sizes}`);
    });

    it("holds for many events", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const collector = new Collector();
      const options = {
        pattern: ">",
        namespace,
        durable: "many",
        handle: collector,
        maxInFlight: 1_000,
      } as const;
      await using _ = await other.subscribe(options);
      const events = Array.from({ length: 5_000 }, (_, index) =>
        testEvent({ namespace, subject: `s${index % 100}` }),
      );
      for (let from = 0; from < events.length; from += 1_000)
        await bus.publish(events.slice(from, from + 1_000));
      await collector.count(5_000);
      assert.deepEqual(bySubject(collector), bySubjectOf(events));
    });
  });

  it("no more events are handled at once than allowed", async () => {
    const { bus } = opened();
    const namespace = freshNamespace();
    const turnstile = gate();
    const collector = new Collector();
    const each = async (_event: unknown, delivery: Delivery) => {
      await turnstile.pass();
      collector.collect(delivery);
    };
    await using _ = await bus.subscribe({
      pattern: ">",
      namespace,
      durable: "few",
      handle: { each },
      maxInFlight: 3,
    });
    await bus.publish(
      Array.from({ length: 9 }, (_, index) => testEvent({ namespace, subject: `s${index}` })),
    );
    for (let through = 1; through <= 9; through++) {
      await turnstile.arrivals(Math.min(9, through + 2));
      assert.ok(turnstile.waiting <= 3);
      turnstile.release();
      await collector.count(through);
    }
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function bySubject(collector: Collector): Record<string, string[]> {
  return bySubjectOf(collector.deliveries.map(({ event }) => event));
}

function bySubjectOf(
  events: readonly { readonly subject: string; readonly id: string }[],
): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { subject, id } of events) {
    const ids = found[subject] ?? [];
    ids.push(id);
    found[subject] = ids;
  }
  return found;
}
