import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RealtimeServer } from "../support/realtime-server.ts";
import { SseReader } from "../support/sse-reader.ts";

const bufferBytesMax = 65_536;
const bytes = 32_768;

describe("a stalled reader", () => {
  const large = (server: RealtimeServer, count: number) =>
    Array.from({ length: count }, () =>
      server.event({ data: new Uint8Array(bytes), dataContentType: "application/octet-stream" }),
    );

  it("blocks no other reader, uses bounded memory, and receives the count of missed events", async () => {
    const settings = { bufferBytesMax, bufferEventsMax: 16 };
    await using server = await RealtimeServer.start({ settings });
    await using fast = await SseReader.open(server.at("/v1/events"));
    await using slow = await SseReader.open(server.at("/v1/events"));
    await Promise.all([fast.count("ready", 1), slow.count("ready", 1)]);
    slow.pause();
    const all = large(server, 600);
    for (const [index, event] of all.entries()) {
      await server.bus.publish([event]);
      await fast.count("message", index + 1);
      const waiting = Number(server.realtime.health().details?.["bytes"]);
      // For each of the two readers: the maximum of its buffer, and one further event as Base64.
      assert.ok(waiting <= 2 * (bufferBytesMax + 2 * bytes), `${waiting} bytes wait`);
    }
    assert.deepEqual(fast.named("gap"), []);
    slow.resume();
    const last = all.at(-1)?.id;
    await slow.until(() => slow.named("message").at(-1)?.data.id === last);
    const missed = slow.named("gap").map(({ data }) => data);
    assert.ok(missed.length > 0, "it gets a gap");
    assert.ok(missed.every(({ reason }) => reason === "slow"));
    const got = slow.named("message").map(({ data }) => data.id);
    const sum = missed.reduce((before, { missed: count }) => before + count, got.length);
    assert.equal(sum, all.length, "every event is delivered or counted as missed");
    assert.deepEqual(
      got,
      all.map(({ id }) => id).filter((id) => got.includes(id)),
      "delivered events are in order",
    );
  });

  it("gets a gap in the place of the missed events", async () => {
    await using server = await RealtimeServer.start({ settings: { bufferBytesMax, bufferEventsMax: 4 } });
    await using slow = await SseReader.open(server.at("/v1/events"));
    await slow.count("ready", 1);
    slow.pause();
    const all = large(server, 400);
    for (const event of all) {
      await server.bus.publish([event]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.resume();
    await slow.until(() => slow.named("message").at(-1)?.data.id === all.at(-1)?.id);
    let next = 0;
    for (const { name, data } of slow.events.slice(1)) {
      if (name === "gap") next += data.missed;
      else assert.equal(data.id, all[next++]?.id);
    }
    assert.equal(next, all.length);
  });

  it("is disconnected after a while, and resumes with its cursor", async () => {
    await using server = await RealtimeServer.start({ settings: { bufferBytesMax } });
    await using slow = await SseReader.open(server.at("/v1/events"));
    await slow.count("ready", 1);
    slow.pause();
    const all = large(server, 400);
    await server.bus.publish(all);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.realtime.health().details?.["connections"], 1);
    await server.foundation.time.advanceAsync(33_000);
    assert.equal(server.realtime.health().details?.["connections"], 0);
    slow.resume();
    await slow.ended;
    await using resumed = await SseReader.open(server.at(`/v1/events?after=${slow.cursor}`));
    const remaining = all.length - slow.named("message").length;
    assert.ok(remaining > 0, "something was missed");
    await resumed.count("message", remaining);
    assert.deepEqual(resumed.named("gap"), []);
  });
});
