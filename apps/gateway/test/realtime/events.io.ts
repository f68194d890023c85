import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { RealtimeServer } from "../support/realtime-server.ts";
import { refusal, SseReader } from "../support/sse-reader.ts";

const subjects = (reader: SseReader) => reader.named("message").map(({ data }) => data.subject);

describe("events over SSE", () => {
  it("arrive as CloudEvents, each with the cursor to continue after it", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events?pattern=tutti.test.>"));
    await server.publish("first", "second");
    await reader.count("message", 2);
    const [first, second] = reader.named("message");
    assert.equal(first?.data.specversion, "1.0");
    assert.deepEqual(first?.data.data, { a: 1 });
    assert.deepEqual(subjects(reader), ["first", "second"]);
    assert.notEqual(first?.id, second?.id);
    await using later = await SseReader.open(server.at(`/v1/events?after=${first?.id}`));
    await later.count("message", 1);
    assert.deepEqual(subjects(later), ["second"]);
  });

  it("are limited to the pattern and the namespace", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(
      server.at("/v1/events?pattern=tutti.test.*.failed&namespace=team-a"),
    );
    const failed = { type: "tutti.test.thing.failed" };
    await server.bus.publish([
      server.event({ namespace: "team-a" }),
      server.event(failed),
      server.event({ ...failed, namespace: "team-a", subject: "wanted" }),
    ]);
    await reader.count("message", 1);
    assert.deepEqual(subjects(reader), ["wanted"]);
  });

  it("of all namespaces arrive if requested", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events?namespace=*"));
    await server.bus.publish([server.event({ namespace: "a" }), server.event({ namespace: "b" })]);
    await reader.count("message", 2);
  });

  it("that a disconnected reader missed arrive after it reconnects, also if it had received none", async () => {
    await using server = await RealtimeServer.start();
    await server.publish("before");
    const disconnected = await SseReader.open(server.at("/v1/events"));
    await disconnected.count("ready", 1);
    await disconnected[Symbol.asyncDispose]();
    await server.publish("meanwhile");
    await using resumed = await SseReader.open(server.at("/v1/events"), {
      "last-event-id": disconnected.cursor,
    });
    await resumed.count("message", 1);
    await server.publish("after");
    await resumed.count("message", 2);
    assert.deepEqual(subjects(resumed), ["meanwhile", "after"]);
    assert.deepEqual(resumed.named("gap"), []);
  });

  it("that are stored arrive from the first one if requested", async () => {
    await using server = await RealtimeServer.start();
    await server.publish("one", "two");
    await using reader = await SseReader.open(server.at("/v1/events?after=first"));
    await reader.count("message", 2);
    assert.deepEqual(subjects(reader), ["one", "two"]);
  });

  it("after a cursor of another life of the log start with a gap and all stored events", async () => {
    await using server = await RealtimeServer.start();
    const before = await SseReader.open(server.at("/v1/events"));
    await before.count("ready", 1);
    await before[Symbol.asyncDispose]();
    server.forgetEvents();
    await server.publish("since the restart");
    await using resumed = await SseReader.open(server.at(`/v1/events?after=${before.cursor}`));
    await resumed.count("message", 1);
    assert.deepEqual(resumed.named("gap")[0]?.data, { reason: "reset", missed: null });
    assert.deepEqual(
      resumed.events.map(({ name }) => name),
      ["ready", "gap", "message"],
    );
  });

  it("after a cursor older than the stored events start with a gap", async () => {
    await using server = await RealtimeServer.start({ retention: { eventsMax: 2 } });
    const before = await SseReader.open(server.at("/v1/events"));
    await before.count("ready", 1);
    await before[Symbol.asyncDispose]();
    await server.publish("a", "b", "c", "d");
    await using resumed = await SseReader.open(server.at(`/v1/events?after=${before.cursor}`));
    await resumed.count("message", 2);
    assert.deepEqual(resumed.named("gap")[0]?.data, { reason: "retention", missed: null });
    assert.deepEqual(subjects(resumed), ["c", "d"]);
  });

  it("have heartbeats when idle", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events"));
    await reader.count("ready", 1);
    await server.foundation.time.advanceAsync(13_000);
    await reader.until(() => reader.comments > 0);
  });

  it("end when the process stops, and no client is admitted any more", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events"));
    await reader.count("ready", 1);
    server.realtime.drain();
    await reader.ended;
    const { status, problem } = await refusal(server.at("/v1/events"));
    assert.deepEqual([status, problem["code"]], [503, "realtime.closing"]);
  });

  it("are no longer fetched after a reader disconnects", async () => {
    await using server = await RealtimeServer.start();
    const reader = await SseReader.open(server.at("/v1/events"));
    await reader.count("ready", 1);
    assert.equal(server.realtime.health().details?.["connections"], 1);
    await reader[Symbol.asyncDispose]();
    const { realtime } = server;
    await until("no connection", () => realtime.health().details?.["connections"] === 0);
  });

  const refused: readonly [string, string, RegExp][] = [
    ["a pattern that can match nothing", "?pattern=tutti.one", /`pattern`: expected a type with/],
    ["a cursor that no log has made", "?after=yesterday", /`start.after`: expected a position/],
    ["a namespace with a wildcard in it", "?namespace=team-*", /`namespace`: expected/],
    [
      "a parameter twice",
      "?pattern=tutti.>&pattern=tutti.test.>",
      /parameter `pattern` is set more than once/,
    ],
  ];
  for (const [scenario, query, message] of refused) {
    it(`are rejected for ${scenario}, before the stream starts`, async () => {
      await using server = await RealtimeServer.start();
      const { status, problem } = await refusal(server.at(`/v1/events${query}`));
      assert.equal(status, 400);
      assert.match(String(problem["detail"]), message);
    });
  }

  it("are refused to more readers than there may be", async () => {
    await using server = await RealtimeServer.start({ settings: { connectionsMax: 1 } });
    await using _ = await SseReader.open(server.at("/v1/events"));
    const { status, problem } = await refusal(server.at("/v1/events"));
    assert.deepEqual([status, problem["code"]], [429, "realtime.too_many"]);
  });

  it("are refused to readers above the maximum, also if all connect at once", async () => {
    await using server = await RealtimeServer.start({ settings: { connectionsMax: 3 } });
    const over = new AbortController();
    const requests = Array.from({ length: 20 }, () =>
      fetch(server.at("/v1/events"), { signal: over.signal }).then(({ status }) => status),
    );
    const counts = Map.groupBy(await Promise.all(requests), (status) => status);
    over.abort();
    assert.deepEqual([counts.get(200)?.length, counts.get(429)?.length], [3, 17]);
  });
});
