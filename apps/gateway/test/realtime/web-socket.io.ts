import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RealtimeServer } from "../support/realtime-server.ts";
import { Listener } from "../support/web-socket-listener.ts";

describe("events over WebSocket", () => {
  it("arrive with their cursors, and resume after a cursor", async () => {
    await using server = await RealtimeServer.start();
    await using listener = await Listener.open(server.at("/v1/events?pattern=tutti.test.>"));
    await listener.count("ready", 1);
    await server.publish("first", "second");
    await listener.count("event", 2);
    const [first] = listener.of("event");
    assert.equal(first?.event.subject, "first");
    await using later = await Listener.open(server.at(`/v1/events?after=${first?.cursor}`));
    await later.count("event", 1);
    assert.equal(later.of("event")[0]?.event.subject, "second");
    assert.equal(later.of("ready")[0]?.cursor, first?.cursor);
  });

  it("after a cursor of another life of the log start with a gap", async () => {
    await using server = await RealtimeServer.start();
    const before = await Listener.open(server.at("/v1/events"));
    await before.count("ready", 1);
    const { cursor } = before.of("ready")[0] ?? assert.fail();
    await before[Symbol.asyncDispose]();
    server.forgetEvents();
    await server.publish("since");
    await using resumed = await Listener.open(server.at(`/v1/events?after=${cursor}`));
    await resumed.count("event", 1);
    assert.deepEqual(resumed.of("gap"), [{ kind: "gap", reason: "reset", missed: null }]);
  });

  it("have heartbeats when idle", async () => {
    await using server = await RealtimeServer.start();
    await using listener = await Listener.open(server.at("/v1/events"));
    await listener.count("ready", 1);
    await server.foundation.time.advanceAsync(13_000);
    await listener.count("alive", 1);
  });

  it("of a pattern without possible matches end with a problem that explains it", async () => {
    await using server = await RealtimeServer.start();
    await using listener = await Listener.open(server.at("/v1/events?pattern=tutti.one"));
    assert.deepEqual(await listener.closed, { code: 1008, reason: "bus.invalid_subscription" });
    assert.match(listener.of("problem")[0]?.problem.detail, /`pattern`: expected a type with/);
  });

  it("end if the client sends a message", async () => {
    await using server = await RealtimeServer.start();
    await using listener = await Listener.open(server.at("/v1/events"));
    await listener.count("ready", 1);
    listener.send("hello");
    assert.equal((await listener.closed).code, 1003);
  });

  it("end with the code for going away when the process stops", async () => {
    await using server = await RealtimeServer.start();
    await using listener = await Listener.open(server.at("/v1/events"));
    await listener.count("ready", 1);
    server.realtime.drain();
    assert.equal((await listener.closed).code, 1001);
  });

  it("block no other reader if one stalls, which receives the count of missed events", async () => {
    const settings = { bufferBytesMax: 65_536, bufferEventsMax: 16 };
    await using server = await RealtimeServer.start({ settings });
    await using fast = await Listener.open(server.at("/v1/events"));
    await using slow = await Listener.open(server.at("/v1/events"));
    await Promise.all([fast.count("ready", 1), slow.count("ready", 1)]);
    slow.pause();
    const all = Array.from({ length: 400 }, () => server.event({ data: new Uint8Array(32_768) }));
    for (const [index, event] of all.entries()) {
      await server.bus.publish([event]);
      await fast.count("event", index + 1);
    }
    slow.resume();
    await slow.until(() => slow.of("event").at(-1)?.event.id === all.at(-1)?.id);
    const missed = slow.of("gap").reduce((sum, gap) => sum + gap.missed, 0);
    assert.ok(missed > 0);
    assert.equal(missed + slow.of("event").length, all.length);
  });
});
