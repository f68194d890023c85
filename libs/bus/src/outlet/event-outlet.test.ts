import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch, recordingMetrics, testFoundation, VirtualTime } from "@tutti/kernel/testing";
import { busErrors } from "../errors.ts";
import type { EventInput } from "../event/event.ts";
import { EventOutlet } from "./event-outlet.ts";

const event = (id: string): EventInput => ({
  id,
  source: "/tutti/test",
  type: "tutti.test.thing.happened",
  subject: "thing",
  namespace: "default",
  timeMs: 0,
  data: new Uint8Array(),
});

describe("EventOutlet", () => {
  it("sends the events of one step as one batch, in order", async () => {
    const batches: string[][] = [];
    const bus = {
      publish: async (events: readonly EventInput[]) => void batches.push(events.map(({ id }) => id)),
    };
    const outlet = new EventOutlet(bus, testFoundation());
    for (const id of ["a", "b", "c"]) outlet.publish(event(id));
    outlet.publish(undefined);
    await outlet.drain(new AbortController().signal);
    assert.deepEqual(batches, [["a", "b", "c"]]);
  });

  it("retries with a growing pause while the bus is unavailable, reports it in its health, and loses no event", async () => {
    const time = new VirtualTime();
    const attempts: number[] = [];
    let isDown = true;
    const sent: string[] = [];
    const bus = {
      publish: async (events: readonly EventInput[]) => {
        attempts.push(time.monotonic());
        if (isDown) throw new Error("the server is away");
        sent.push(...events.map(({ id }) => id));
      },
    };
    const outlet = new EventOutlet(bus, testFoundation({ time }));
    outlet.publish(event("a"));
    await time.advanceAsync(600);
    outlet.publish(event("b"));
    assert.equal(outlet.health().level, "degraded");
    isDown = false;
    await time.advanceAsync(10_000);
    assert.deepEqual(attempts, [0, 200, 600, 1_400]);
    assert.deepEqual(sent, ["a", "b"]);
    assert.equal(outlet.health().level, "healthy");
  });

  it("drops an event that the bus rejects permanently, and sends all others in order", async () => {
    const metrics = recordingMetrics();
    const sent: string[] = [];
    const bus = {
      publish: async (events: readonly EventInput[]) => {
        if (events.some(({ id }) => id === "bad")) throw busErrors.tooLarge({ type: "t", found: 2, most: 1 });
        sent.push(...events.map(({ id }) => id));
      },
    };
    const outlet = new EventOutlet(bus, { ...testFoundation(), metrics });
    for (const id of ["a", "b", "bad", "c", "bad", "d"]) outlet.publish(event(id));
    await outlet.drain(new AbortController().signal);
    assert.deepEqual(sent, ["a", "b", "c", "d"]);
    assert.equal(metrics.value("tutti_bus_outlet_left_out_total"), 2);
    assert.equal(outlet.health().level, "healthy");
  });

  it("drops and counts new events if too many wait", async () => {
    const stuck = latch();
    const metrics = recordingMetrics();
    const outlet = new EventOutlet(
      { publish: () => stuck.opened },
      { ...testFoundation(), metrics },
      { waitingMax: 2 },
    );
    for (const id of ["a", "b", "c", "d"]) outlet.publish(event(id));
    assert.equal(metrics.value("tutti_bus_outlet_left_out_total"), 2);
    stuck.open();
    await outlet.stop();
  });

  it("stops without waiting for a bus that is away", async () => {
    const time = new VirtualTime();
    const outlet = new EventOutlet(
      { publish: () => Promise.reject(new Error("the server is away")) },
      testFoundation({ time }),
    );
    outlet.publish(event("a"));
    await time.flush();
    await outlet.stop();
    assert.equal(time.pending, 0);
  });
});
