/** Events of a real platform: many subscribers, one of which reads nothing, and a platform that is killed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { describe, it } from "node:test";
import { latch, until } from "@tutti/kernel/testing";
import { freePort, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { Client, serverEvents } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { makeFolder, type Service, start, usingNats } from "./support/services.ts";

const nats = await natsServerProgram();
const readers = 49;
const runs = 800;
const bufferBytesMax = 131_072;
const realtime = [`--realtime.bufferBytesMax=${bufferBytesMax}`, "--realtime.bufferEventsMax=128"];
/** Each event at the start of a run has about 6 KiB. */
const labels = Object.fromEntries(Array.from({ length: 24 }, (_, number) => [`l${number}`, "x".repeat(250)]));

const nap = "workflow: nap\ntasks: {rest: {wait: {for: 1ms}}}";
const wait = "workflow: wait\nsignals: {go: {}}\ntasks: {go: {wait: {signal: go}}}";

async function register(client: Client, text: string): Promise<void> {
  await client.call("workflows.register", { body: { text } });
}

interface Received {
  /** Ids of events, and numbers of missed events, in order. */
  readonly ids: string[];
  missed: number;
  isReady: boolean;
}

/** Follows the stream by raw bytes, at the pace of the reader's requests. */
async function follow(platform: Service, received: Received, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${platform.http}/v1/events?pattern=tutti.workflow.run.*`, { signal });
  assert.ok(answer.body);
  for await (const message of serverEvents(answer.body)) {
    if (message === undefined || message.data === "") continue;
    const data = JSON.parse(message.data);
    if (message.event === "ready") received.isReady = true;
    else if (message.event === "gap") received.missed += data.missed;
    else received.ids.push(data.id);
  }
}

const nothingReceived = (): Received => ({ ids: [], missed: 0, isReady: false });

function rssBytes({ pid }: Service): number {
  const [, kibibytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1_024;
}

/** Returns the bytes that wait for subscribers, and the number of subscribers, from the metrics of the gateway. */
async function gatewayOf(
  platform: Service,
): Promise<{ readonly bytes: number; readonly connections: number }> {
  const metrics = await (await fetch(`${platform.http}/metrics`)).text();
  const figureOf = (series: string) => Number(metrics.split(`\n${series} `)[1]?.split("\n")[0]);
  return {
    bytes: figureOf("tutti_gateway_stream_waiting_bytes"),
    connections: figureOf('tutti_gateway_streams{kind="events"}'),
  };
}

describe("events of a platform", () => {
  it("reach all followers with bounded memory, even if one stops reading and learns of its gap later", async (t) => {
    await using folder = await makeFolder();
    await using platform = await start("platform", realtime, { directory: folder.path });
    const client = new Client({ url: platform.http });
    await register(client, nap);
    const over = new AbortController();
    t.after(() => over.abort());
    const all = Array.from({ length: readers }, nothingReceived);
    const following = all.map((received) => follow(platform, received, over.signal).catch(() => undefined));
    await until("everybody to follow", () => all.every(({ isReady }) => isReady));
    // A subscriber that does not read: the response has arrived and stays unread.
    const lazy = requestHttp(`${platform.http}/v1/events?pattern=tutti.workflow.run.*`, { agent: false });
    const answer = await new Promise<NodeJS.ReadableStream & AsyncIterable<Uint8Array>>((resolve, reject) => {
      lazy.once("response", resolve).once("error", reject).end();
    });
    await until(
      "all connections",
      () => gatewayOf(platform),
      ({ connections }) => connections === readers + 1,
    );

    const beforeBytes = rssBytes(platform);
    let mostWaiting = 0;
    for (let from = 0; from < runs; from += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          client.call("runs.start", {
            body: { runId: `nap-${from + at}`, definition: { name: "nap" }, labels },
          }),
        ),
      );
      mostWaiting = Math.max(mostWaiting, (await gatewayOf(platform)).bytes);
    }
    const [first] = all;
    assert.ok(first);
    await until("the last run to be reported", () => all.every(({ ids }) => ids.length >= 3 * runs));
    await until("all followers to have the same", () => new Set(all.map(({ ids }) => ids.length)).size === 1);
    for (const received of all) {
      assert.equal(received.missed, 0, "a reader misses nothing");
      assert.deepEqual(received.ids, first.ids, "all hear the same, in the same order");
    }
    assert.equal(new Set(first.ids).size, first.ids.length);
    const frameBytesMax = 16_384;
    assert.ok(mostWaiting <= (readers + 1) * (bufferBytesMax + frameBytesMax), `${mostWaiting} bytes waited`);
    const grownBytes = rssBytes(platform) - beforeBytes;
    // All sent events, buffered for each reader, would take 700 MB.
    assert.ok(grownBytes < 512 * 1_048_576, `the process grew by ${grownBytes} bytes`);

    // Now the subscriber reads, and learns about the missed events.
    const slow = nothingReceived();
    const late = new Response(answerBody(answer));
    const reading = (async () => {
      assert.ok(late.body);
      for await (const message of serverEvents(late.body)) {
        if (message === undefined || message.data === "" || message.event === "ready") continue;
        const data = JSON.parse(message.data);
        if (message.event === "gap") slow.missed += data.missed;
        else slow.ids.push(data.id);
      }
    })().catch(() => undefined);
    await until(
      "the slow one to have come to the end",
      () => slow.ids.length + slow.missed,
      (count) => count >= first.ids.length,
    );
    assert.ok(slow.missed > 0, "it missed some");
    assert.equal(slow.ids.length + slow.missed, first.ids.length, "told or counted");
    over.abort();
    lazy.destroy();
    await Promise.all([...following, reading]);
  });

  it("reach every follower after a kill and restart of the platform, with a gap that makes it reload", async (t) => {
    await using folder = await makeFolder();
    const port = await freePort();
    const flags = [`--operations.port=${port}`];
    const first = await start("platform", flags, { directory: folder.path });
    const client = new Client({ url: first.http });
    await register(client, wait);

    /** Behaves like a page: loads, applies events, and loads again if it may have missed events. */
    const known = new Map<string, string>();
    const states: string[] = [];
    const reasons: string[] = [];
    const over = new AbortController();
    t.after(() => over.abort());
    const load = async () => {
      const { runs: listed = [] } = await client.call("runs.list");
      for (const { runId = "", status = "" } of listed) known.set(runId, status);
    };
    const page = (async () => {
      const onConnectionChange = (state: string) => void states.push(state);
      for await (const event of client.events("tutti.workflow.run.*", "", {
        signal: over.signal,
        onConnectionChange,
      })) {
        if (event.kind === "ready" || event.kind === "gap") await load();
        if (event.kind === "gap") reasons.push(event.reason);
        if (event.kind === "event")
          known.set(event.value.subject ?? "", event.value.type.split(".").at(-1) ?? "");
      }
    })();
    const startRun = (runId: string) =>
      client.call("runs.start", { body: { runId, definition: { name: "wait" } } });

    await until("the page to be connected", () => states.includes("open"));
    await startRun("before");
    await until("the page to hear of it", () => known.has("before"));
    // Accepted, but the process exited before any event was published. The reply of the call confirms durability.
    await startRun("unheard");
    await first.kill();
    await until("the page to notice", () => states.includes("broken"));
    await using second = await start("platform", flags, { directory: folder.path });
    await startRun("after");
    await until("the page to be back", () => reasons.length > 0);
    await client.call("runs.signal", { params: { id: "before", name: "go" }, body: {} });
    await until(
      "the page to know all",
      () => ({ known: [...known], reasons, states }),
      () => known.get("before") === "completed" && known.size === 3,
    );
    assert.deepEqual([...known.keys()].sort(), ["after", "before", "unheard"]);
    assert.deepEqual(reasons, ["reset"]);
    over.abort();
    await page;
    await second.stop();
  });

  it("continue at their position after a restart when NATS stores them", { skip: nats.skip }, async (t) => {
    await using folder = await makeFolder();
    await using server = await startNatsServer();
    const port = await freePort();
    const flags = [`--operations.port=${port}`, ...usingNats(server.address)];
    const first = await start("platform", flags, { directory: folder.path });
    const client = new Client({ url: first.http });
    await register(client, wait);
    const received: string[] = [];
    const over = new AbortController();
    t.after(() => over.abort());
    const following = (async () => {
      for await (const { kind, ...printed } of client.events("tutti.workflow.run.*", "", {
        signal: over.signal,
      }))
        received.push(
          kind === "event" && "value" in printed ? `${printed.value.subject} ${printed.value.type}` : kind,
        );
    })();
    const startRun = (runId: string) =>
      client.call("runs.start", { body: { runId, definition: { name: "wait" } } });
    const isReceived = (runId: string) => received.includes(`${runId} tutti.workflow.run.started`);

    await until("the cursor", () => received.includes("ready"));
    await startRun("one");
    await until("the first run to be reported", () => isReceived("one"));
    await first.stop();
    await using second = await start("platform", flags, { directory: folder.path });
    await startRun("two");
    await until("the second run to be reported", () => isReceived("two"));
    assert.deepEqual(
      received.filter((line) => !line.endsWith("progressed")),
      ["ready", "one", "one", "ready", "two", "two"].map((id, at) =>
        id === "ready" ? id : `${id} tutti.workflow.run.${at % 3 === 1 ? "accepted" : "started"}`,
      ),
    );
    over.abort();
    await following;
    await second.stop();
  });

  it("do not include a task's live output, which ends with the task and continues after its cursor", async (t) => {
    await using folder = await makeFolder();
    await using platform = await start("platform", [], { directory: folder.path });
    const client = new Client({ url: platform.http });
    await register(client, "workflow: talking\ntasks: {talk: {uses: test.talk}}");
    const proceed = latch();
    const worker = new Worker({ address: platform.grpc, handleSignals: false });
    t.after(() => worker.stop());
    worker.handle("test.talk", async (_input, context) => {
      await context.output("one ");
      await proceed.opened;
      await context.output("two");
      return "said";
    });
    await worker.start();
    await client.call("runs.start", { body: { runId: "talking", definition: { name: "talking" } } });
    const params = { id: "talking", task: "talk" };
    const over = new AbortController();
    t.after(() => over.abort());
    const output: unknown[] = [];
    let cursor = "";
    for await (const reply of client.follow("tasks.output", { params }, { signal: over.signal })) {
      if (reply.kind !== "snapshot" && reply.kind !== "change") continue;
      for (const { chunk = "" } of reply.value.chunks ?? []) output.push(atob(chunk));
      if (output.length === 1 && cursor === "") cursor = reply.cursor;
      if (output.length > 0) proceed.open();
    }
    const rest: unknown[] = [];
    for await (const reply of client.follow("tasks.output", { params }, { signal: over.signal, cursor }))
      if (reply.kind === "snapshot" || reply.kind === "change")
        for (const { chunk = "" } of reply.value.chunks ?? []) rest.push(atob(chunk));
    assert.deepEqual([output, rest], [["one ", "two"], ["two"]]);
    await worker.stop();
  });

  it("of a watched run continue at their position after a restart", async (t) => {
    await using folder = await makeFolder();
    const port = await freePort();
    const flags = [`--operations.port=${port}`];
    const first = await start("platform", flags, { directory: folder.path });
    const client = new Client({ url: first.http });
    await register(client, wait);
    await client.call("runs.start", { body: { runId: "watched", definition: { name: "wait" } } });
    const received: string[] = [];
    const over = new AbortController();
    t.after(() => over.abort());
    const watching = (async () => {
      const { signal } = over;
      for await (const { kind, ...printed } of client.follow(
        "runs.watch",
        { params: { id: "watched" } },
        { signal },
      ))
        if ("value" in printed)
          received.push(`${kind} ${(printed.value as { run?: { status?: string } }).run?.status}`);
    })();
    await until("the snapshot", () => received.length > 0);
    await first.kill();
    await using second = await start("platform", flags, { directory: folder.path });
    await client.call("runs.signal", { params: { id: "watched", name: "go" }, body: {} });
    await watching;
    // Changes during the first kill may be reported twice. No run restarts.
    assert.deepEqual(
      received.filter((each) => each !== "change running"),
      ["snapshot running", "change completed"],
    );
    await second.stop();
  });
});

/** Returns the rest of a response as a stream, like `fetch`. */
function answerBody(answer: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(answer) as ReadableStream<Uint8Array>;
}
