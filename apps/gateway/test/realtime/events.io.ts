import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { RealtimeServer } from "../support/realtime-server.ts";
import { refusal, SseReader } from "../support/sse-reader.ts";

const subjects = (reader: SseReader) => reader.named("message").map(({ data }) => data.subject);

describe("events over SSE", () => {
  it("come as CloudEvents, each with the cursor to continue after it", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events?pattern=tutti.test.>"));
    await server.tell("first", "second");
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

  it("are those of the pattern and the namespace alone", async () => {
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

  it("of all namespaces come when all are asked for", async () => {
    await using server = await RealtimeServer.start();
    await using reader = await SseReader.open(server.at("/v1/events?namespace=*"));
    await server.bus.publish([server.event({ namespace: "a" }), server.event({ namespace: "b" })]);
    await reader.count("message", 2);
  });

  it("that came while a reader was away come when it is back, also when it had not seen any", async () => {
    await using server = await RealtimeServer.start();
    await server.tell("before");
    const away = await SseReader.open(server.at("/v1/events"));
    await away.count("ready", 1);
    await away[Symbol.asyncDispose]();
    await server.tell("meanwhile");
    await using back = await SseReader.open(server.at("/v1/events"), { "last-event-id": away.cursor });
    await back.count("message", 1);
    await server.tell("after");
    await back.count("message", 2);
    assert.deepEqual(subjects(back), ["meanwhile", "after"]);
    assert.deepEqual(back.named("gap"), []);
  });

  it("that are kept come from the first of them when that is asked for", async () => {
    await using server = await RealtimeServer.start();
    await server.tell("one", "two");
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
    await server.tell("since the restart");
    await using back = await SseReader.open(server.at(`/v1/events?after=${before.cursor}`));
    await back.count("message", 1);
    assert.deepEqual(back.named("gap")[0]?.data, { reason: "reset", missed: null });
    assert.deepEqual(
      back.events.map(({ name }) => name),
      ["ready", "gap", "message"],
    );
  });

  it("after a cursor older than the stored events start with a gap", async () => {
    await using server = await RealtimeServer.start({ retention: { eventsMax: 2 } });
    const before = await SseReader.open(server.at("/v1/events"));
    await before.count("ready", 1);
    await before[Symbol.asyncDispose]();
    await server.tell("a", "b", "c", "d");
    await using back = await SseReader.open(server.at(`/v1/events?after=${before.cursor}`));
    await back.count("message", 2);
    assert.deepEqual(back.named("gap")[0]?.data, { reason: "retention", missed: null });
    assert.deepEqual(subjects(back), ["c", "d"]);
  });

  it("are heard of as alive when nothing happens", async () => {
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

  it("are no longer fetched for a reader that has left", async () => {
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
  for (const [what, query, message] of refused) {
    it(`are refused for ${what}, before anything is answered`, async () => {
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

  it("are refused to more readers than there may be, also to those that come at once", async () => {
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
