import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kernelErrors } from "@tutti/kernel";
import { latch, until } from "@tutti/kernel/testing";
import type { ReplyJson } from "../../src/realtime/reply-feed.ts";
import { RealtimeServer } from "../support/realtime-server.ts";
import { refusal, SseReader } from "../support/sse-reader.ts";

const run = (state: string) => ({ runs: [{ runId: "r1", state }] });
const eventsOf = (reader: SseReader) => reader.events.map(({ name, data, id }) => [name, data, id]);

describe("replies of a stream over SSE", () => {
  it("are a snapshot until it is complete, then changes, then the end", async () => {
    async function* replies(): AsyncGenerator<ReplyJson> {
      yield { ...run("running"), live: false, cursor: "" };
      yield { ...run("paused"), live: true, cursor: "" };
      yield { ...run("completed"), live: false, cursor: "" };
    }
    await using server = await RealtimeServer.start({ replies });
    await using reader = await SseReader.open(server.at("/replies"));
    await reader.ended;
    assert.deepEqual(eventsOf(reader), [
      ["snapshot", run("running"), ""],
      ["snapshot", { ...run("paused"), live: true }, ""],
      ["change", run("completed"), ""],
      ["end", {}, ""],
    ]);
  });

  it("are a complete snapshot if there are no entries", async () => {
    const done = latch();
    async function* replies(): AsyncGenerator<ReplyJson> {
      yield { runs: [], live: true };
      await done.opened;
    }
    await using server = await RealtimeServer.start({ replies });
    await using reader = await SseReader.open(server.at("/replies"));
    await reader.count("snapshot", 1);
    assert.deepEqual(eventsOf(reader), [["snapshot", { runs: [], live: true }, ""]]);
    done.open();
  });

  it("of a stream without a snapshot are changes from the first on", async () => {
    async function* replies(): AsyncGenerator<ReplyJson> {
      yield { outcomes: [1] };
      yield { outcomes: [2] };
    }
    await using server = await RealtimeServer.start({ replies, hasSnapshot: false });
    await using reader = await SseReader.open(server.at("/replies"));
    await reader.ended;
    assert.deepEqual(
      reader.events.map(({ name }) => name),
      ["change", "change", "end"],
    );
  });

  it("have the stream's cursor as ids, and resume after the last one", async () => {
    const cursors: string[] = [];
    async function* replies({ cursor }: { readonly cursor: string }): AsyncGenerator<ReplyJson> {
      cursors.push(cursor);
      yield { chunks: ["a"], live: true, cursor: "c1" };
      yield { chunks: [], live: true, cursor: "c2" };
      yield { chunks: ["b"], live: true, cursor: "c3" };
    }
    await using server = await RealtimeServer.start({ replies });
    await using reader = await SseReader.open(server.at("/replies?cursor=c0"), { "last-event-id": "" });
    await reader.ended;
    assert.deepEqual(
      eventsOf(reader).map(([name, , id]) => [name, id]),
      [
        ["change", "c1"],
        ["change", "c3"],
        ["end", ""],
      ],
    );
    await using resumed = await SseReader.open(server.at("/replies?cursor=c0"), { "last-event-id": "c3" });
    await resumed.ended;
    assert.deepEqual(cursors, ["c0", "c3"]);
  });

  it("are not there when the call fails at once: the answer is the problem", async () => {
    // biome-ignore lint/correctness/useYield: it fails before
    async function* replies(): AsyncGenerator<ReplyJson> {
      throw kernelErrors.pageTokenInvalid();
    }
    await using server = await RealtimeServer.start({ replies });
    const { status, problem } = await refusal(server.at("/replies"));
    assert.deepEqual([status, problem["code"]], [400, "kernel.page_token_invalid"]);
  });

  it("end with the problem when the call fails midway", async () => {
    async function* replies(): AsyncGenerator<ReplyJson> {
      yield { ...run("running"), live: true };
      throw kernelErrors.pageTokenInvalid();
    }
    await using server = await RealtimeServer.start({ replies });
    await using reader = await SseReader.open(server.at("/replies"));
    await reader.ended;
    assert.equal(reader.events.at(-1)?.name, "problem");
    assert.equal(reader.events.at(-1)?.data.code, "kernel.page_token_invalid");
  });

  it("open the stream before the first of them arrives", async () => {
    const first = latch();
    async function* replies(): AsyncGenerator<ReplyJson> {
      await first.opened;
      yield { ...run("running"), live: true };
    }
    await using server = await RealtimeServer.start({ replies });
    const opening = SseReader.open(server.at("/replies"));
    await using reader = await waiting(server, opening);
    first.open();
    await reader.count("snapshot", 1);
  });

  it("are no longer requested after the reader disconnects", async () => {
    const aborted = latch();
    async function* replies({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<ReplyJson> {
      signal.addEventListener("abort", () => aborted.open());
      yield { ...run("running"), live: true };
      await aborted.opened;
    }
    await using server = await RealtimeServer.start({ replies });
    const reader = await SseReader.open(server.at("/replies"));
    await reader.count("snapshot", 1);
    await reader[Symbol.asyncDispose]();
    await aborted.opened;
  });

  it("are requested no faster than the reader reads them", async () => {
    let calls = 0;
    const line = "x".repeat(65_536);
    async function* replies(): AsyncGenerator<ReplyJson> {
      for (; calls < 1_000; calls++) yield { chunks: [line], live: true };
    }
    await using server = await RealtimeServer.start({ replies });
    await using reader = await SseReader.open(server.at("/replies"));
    await reader.count("snapshot", 1);
    reader.pause();
    for (let before = -1; before !== calls; ) {
      before = calls;
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(calls < 1_000, `${calls} were asked for`);
    reader.resume();
    await reader.ended;
    assert.equal(reader.named("change").length, 999);
  });
});

/** Advances time after the request has reached the server. */
async function waiting(server: RealtimeServer, opening: Promise<SseReader>): Promise<SseReader> {
  await until("the request", () => server.foundation.time.pending > 0);
  server.foundation.time.advance(1_000);
  return opening;
}
