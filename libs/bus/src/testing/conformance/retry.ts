import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { busEvents } from "@tutti/contracts/events/v1/bus";
import { gate, latch } from "@tutti/kernel/testing";
import { abandonedType } from "../../delivery/abandoned.ts";
import type { BusEvent } from "../../event/event.ts";
import type { Delivery } from "../../port.ts";
import { Collector, freshNamespace, type Opened, testEvent } from "../fixture.ts";

const quick = { retryFirstMs: 2, retryMaxMs: 8 } as const;

export function retryTests(opened: () => Opened): void {
  describe("an event with a failing handler", () => {
    for (const durable of [undefined, "retrying"]) {
      it(`is redelivered after a pause. Later events of its subject wait, other subjects do not (${durable ?? "live"})`, async () => {
        const { bus } = opened();
        const namespace = freshNamespace();
        const handled: string[] = [];
        const done = new Collector();
        const othersDone = latch();
        const each = async (event: BusEvent, delivery: Delivery) => {
          handled.push(`${event.id} ${delivery.attempt}`);
          if (event.id === `bad-${namespace}` && delivery.attempt < 3) {
            await othersDone.opened;
            throw new Error("not yet");
          }
          done.collect(delivery);
          if (event.subject === "b") othersDone.open();
        };
        const named = durable === undefined ? {} : { durable };
        await using _ = await bus.subscribe({
          pattern: ">",
          namespace,
          ...named,
          ...quick,
          handle: { each },
        });
        await bus.publish([
          testEvent({ namespace, subject: "a", id: `bad-${namespace}` }),
          testEvent({ namespace, subject: "a", id: `next-${namespace}` }),
          testEvent({ namespace, subject: "b", id: `other-${namespace}` }),
        ]);
        await done.count(3);
        assert.deepEqual(done.ids, [`other-${namespace}`, `bad-${namespace}`, `next-${namespace}`]);
        assert.deepEqual(
          handled.filter((line) => line.startsWith("bad")),
          [1, 2, 3].map((attempt) => `bad-${namespace} ${attempt}`),
        );
      });
    }

    it("is dropped after its last delivery, with an event about it. Later events continue", async () => {
      const { bus, other } = opened();
      const namespace = freshNamespace();
      const reported = new Collector();
      const handled = new Collector();
      let attempts = 0;
      const each = (event: BusEvent, delivery: Delivery) => {
        if (event.id.startsWith("poison")) {
          attempts++;
          throw new Error("cannot read it");
        }
        handled.collect(delivery);
      };
      await using _ = await other.subscribe({ pattern: abandonedType, namespace, handle: reported });
      const options = { pattern: "tutti.test.>", namespace, durable: "billing", maxDeliveries: 3, ...quick };
      await using __ = await bus.subscribe({ ...options, handle: { each } });
      const poison = testEvent({ namespace, id: `poison-${namespace}` });
      await bus.publish([poison, testEvent({ namespace, id: `after-${namespace}` })]);
      await handled.count(1);
      await reported.count(1);
      assert.equal(attempts, 3);
      assert.deepEqual(handled.ids, [`after-${namespace}`]);
      const event = reported.deliveries[0]?.event ?? assert.fail();
      assert.deepEqual([event.source, event.subject, event.namespace], ["/tutti/bus", "billing", namespace]);
      const data = busEvents[abandonedType].fromJson(JSON.parse(new TextDecoder().decode(event.data)));
      assert.deepEqual([data.subscription, data.eventId, data.attempts], ["billing", poison.id, 3]);
      assert.match(data.error?.cause?.message ?? data.error?.message ?? "", /cannot read it/);
      // It stays in the log, so that it can be read from there for a repair.
      const log = new Collector();
      await using ___ = await bus.subscribe({ pattern: ">", namespace, start: "first", handle: log });
      await log.until(() => log.deliveries.some(({ event: { id } }) => id === poison.id));
    });

    it("does not affect the other events of its batch", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const handled = new Collector();
      const reported = new Collector();
      const batch = (deliveries: readonly Delivery[]) => {
        if (deliveries.some(({ event }) => event.id.startsWith("poison"))) throw new Error("broken");
        for (const delivery of deliveries) handled.collect(delivery);
      };
      const events = Array.from({ length: 10 }, (_, index) =>
        testEvent({
          namespace,
          subject: `s${index % 4}`,
          ...(index === 4 ? { id: `poison-${namespace}` } : {}),
        }),
      );
      await bus.publish(events);
      await using _ = await bus.subscribe({ pattern: abandonedType, namespace, handle: reported });
      const options = {
        pattern: "tutti.test.>",
        namespace,
        durable: "batch",
        start: "first",
        maxDeliveries: 2,
      } as const;
      await using __ = await bus.subscribe({ ...options, ...quick, handle: { batch, batchMax: 10 } });
      await handled.count(9);
      await reported.count(1);
      assert.deepEqual(
        handled.ids.toSorted(),
        events
          .map(({ id }) => id)
          .filter((id) => !id.startsWith("poison"))
          .toSorted(),
      );
    });

    it("is redelivered after a timeout, and the signal of its first handler is aborted", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const done = new Collector();
      const hanging = gate();
      const reported = latch();
      const each = async (_event: BusEvent, delivery: Delivery) => {
        if (delivery.attempt > 1) return done.collect(delivery);
        delivery.signal.addEventListener("abort", () => reported.open());
        await hanging.pass();
      };
      const options = { pattern: ">", namespace, durable: "hanging", ackWaitMs: 40, ...quick };
      await using _ = await bus.subscribe({ ...options, handle: { each } });
      await bus.publish([testEvent({ namespace })]);
      await reported.opened;
      await done.count(1);
      assert.equal(done.deliveries[0]?.attempt, 2);
      // Its late end has no effect: the next event follows as usual.
      hanging.open();
      await bus.publish([testEvent({ namespace, id: `late-${namespace}` })]);
      await hanging.arrivals(2);
      assert.equal(done.deliveries.length, 1);
    });

    it("of a live subscription is dropped after its last delivery", async () => {
      const { bus } = opened();
      const namespace = freshNamespace();
      const handled = new Collector();
      let attempts = 0;
      const each = (event: BusEvent, delivery: Delivery) => {
        if (event.id.startsWith("poison")) {
          attempts++;
          throw new Error("broken");
        }
        handled.collect(delivery);
      };
      await using _ = await bus.subscribe({
        pattern: ">",
        namespace,
        maxDeliveries: 2,
        ...quick,
        handle: { each },
      });
      await bus.publish([
        testEvent({ namespace, id: `poison-${namespace}` }),
        testEvent({ namespace, id: `after-${namespace}` }),
      ]);
      await handled.count(1);
      assert.equal(attempts, 2);
      assert.deepEqual(handled.ids, [`after-${namespace}`]);
    });
  });
}
