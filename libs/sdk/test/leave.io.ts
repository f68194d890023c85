import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import type { Worker } from "../src/index.ts";
import { resolveSettings } from "../src/worker/settings.ts";
import { assignOf, printResults, stage } from "./memory-host.fixture.ts";

describe("a worker that shuts down", () => {
  it("upon SIGTERM finishes its tasks, waits until the results are durable, says goodbye, and exits", async () => {
    const { worker, host, settle, link, edge } = stage();
    const gate = latch();
    worker.handle("slow", () => gate.opened);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    edge.signal("SIGTERM");
    await settle();
    const sentFrames = () =>
      host.stream.frames.flatMap(({ drain, bye }) => [...(drain ? ["drain"] : []), ...(bye ? ["bye"] : [])]);
    assert.deepEqual([sentFrames(), worker.state], [["drain"], "draining"]);
    host.send({ assignments: [assignOf(2)] });
    await settle();
    assert.deepEqual(printResults(host.results), ["2: busy"]);
    gate.open();
    await settle();
    assert.deepEqual([printResults(host.results), host.credit], [["2: busy", "1: null"], 4]);
    host.send({ resultsDurable: 1 });
    await settle();
    assert.deepEqual(sentFrames(), ["drain"]);
    host.send({ resultsDurable: 2 });
    await settle();
    assert.deepEqual([sentFrames(), host.stream.isEnded, edge.exits], [["drain", "bye"], true, []]);
    host.disconnect("the host ended the stream");
    await settle();
    assert.deepEqual([worker.state, edge.exits, edge.kept], ["stopped", [0], 0]);
  });

  it("upon a second signal ends at once", async () => {
    const { worker, host, settle, link, edge } = stage();
    worker.handle("slow", () => new Promise(() => {}));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    edge.signal("SIGTERM");
    await settle();
    edge.signal("SIGINT");
    assert.deepEqual(edge.exits, [130]);
  });

  it("ignores signals if `handleSignals` is false", async () => {
    const { worker, link, edge } = stage({ handleSignals: false });
    worker.handle("echo", (input) => input);
    await link();
    edge.signal("SIGTERM");
    assert.equal(worker.state, "working");
  });

  it("notifies handlers when the drain time is over, and stops without those that do not react", async () => {
    const { worker, host, settle, link, pass } = stage({ drainMs: 1_000 });
    let reason: unknown;
    worker.handle("slow", async (_, { signal }) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      await new Promise(() => {});
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const stopped = worker.stop();
    await pass(1_000);
    assert.match(String(reason), /the rest of the work/);
    await pass(2_000);
    assert.ok(host.stream.frames.at(-1)?.bye !== undefined);
    await pass(2_000);
    await stopped;
    assert.equal(worker.state, "stopped");
  });

  it("waits five seconds for a disconnected host after the last task has ended, then stops", async () => {
    const { worker, host, settle, link, pass } = stage();
    const gate = latch();
    worker.handle("echo", (input) => input);
    worker.handle("slow", () => gate.opened);
    await link();
    host.send({ assignments: [assignOf(1), assignOf(2, { capability: 2 })] });
    await settle();
    host.isDown = true;
    host.disconnect();
    const stopped = worker.stop();
    await pass(9_000);
    assert.equal(worker.state, "draining");
    gate.open();
    await settle();
    await pass(4_000);
    assert.equal(worker.state, "draining");
    await pass(1_500);
    await stopped;
    assert.equal(worker.state, "stopped");
  });

  it("delivers its results to a host that reconnects in time", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.isDown = true;
    host.disconnect();
    const stopped = worker.stop();
    await pass(3_000);
    host.isDown = false;
    await pass(1_900);
    host.welcome();
    await settle();
    assert.deepEqual([worker.state, printResults(host.results)], ["draining", ["1: null"]]);
    host.send({ resultsDurable: 1 });
    await settle();
    host.disconnect();
    await stopped;
  });

  it("drains upon the host's request, and stops", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ drain: { reason: "scaled down", deadlineMs: 0 } });
    await settle();
    assert.ok(host.stream.isEnded);
    host.disconnect();
    await worker.stopped;
  });

  it("stops though it was never linked", async () => {
    const { worker, settle } = stage();
    worker.handle("echo", (input) => input);
    const started = worker.start();
    await settle();
    await worker.stop();
    await assert.rejects(started, { code: "sdk.stopped" });
  });

  it("stays disconnected for the time that the host requests, or permanently", async () => {
    const { worker, host, link, pass, settle } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ bye: { reason: "upgrade", returnAfterMs: 5_000 } });
    await pass(4_999);
    assert.equal(host.streams.length, 1);
    await pass(200);
    assert.equal(host.streams.length, 2);
    host.welcome();
    await settle();
    const before = process.exitCode;
    host.send({ bye: { reason: "superseded", returnAfterMs: -1 } });
    process.exitCode = before;
    await assert.rejects(worker.stopped, /superseded/);
  });

  it("sleeps and wakes: it grants no credit while asleep, and full credit afterwards", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ sleep: { reason: "night", forMs: 0 } });
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(printResults(host.results), ["1: busy"]);
    assert.equal(host.credit, 4);
    host.send({ wake: { reason: "day" } });
    await settle();
    assert.equal(host.credit, 8);
    worker.sleep("of its own will", 1_000);
    await pass(1_000);
    const sentFrames = host.stream.frames.flatMap(({ sleep, wake }) => [
      ...(sleep ? ["sleep"] : []),
      ...(wake ? ["wake"] : []),
    ]);
    assert.deepEqual([sentFrames, host.credit], [["sleep", "wake"], 12]);
  });

  it("notifies the program of sleep and wake, once each, and survives errors in its callbacks", async () => {
    const calls: string[] = [];
    const { worker, host, settle, link } = stage({
      onSleep: (reason) => void calls.push(`sleeps: ${reason}`),
      onWake: (reason) => {
        calls.push(`wakes: ${reason}`);
        throw new Error("a mistake of the user's");
      },
    });
    worker.handle("echo", (input) => input);
    await link();
    host.send({ sleep: { reason: "night", forMs: 0 } });
    host.send({ sleep: { reason: "still night", forMs: 0 } });
    host.send({ wake: { reason: "day" } });
    await settle();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(calls, ["sleeps: night", "wakes: day"]);
    assert.deepEqual(printResults(host.results), ["1: null"]);
  });

  it("that was put to sleep is awake on a new link", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ sleep: { reason: "night", forMs: 0 } });
    await settle();
    host.send({ bye: { reason: "moved", returnAfterMs: 10 } });
    await pass(5_000);
    host.welcome();
    await settle();
    assert.ok(host.stream.frames.every(({ sleep }) => sleep === undefined));
    assert.equal(host.credit, 4);
  });
});

describe("a worker's options", () => {
  it("override the environment, which overrides the defaults", () => {
    const environment = {
      TUTTI_ADDRESS: "a:1,b:2",
      TUTTI_POOL: "gpu",
      TUTTI_ACCESS_TOKEN: "t",
      TUTTI_AGENT_ID: "x",
    };
    const settings = resolveSettings({ pool: "cpu", allowUnprotected: true }, environment);
    assert.deepEqual(
      [settings.addresses, settings.pool, settings.namespace, settings.agentId],
      [["a:1", "b:2"], "cpu", "default", "x"],
    );
    assert.equal(settings.credentials.accessToken, "t");
    assert.deepEqual(resolveSettings({}, {}).addresses, ["ws://127.0.0.1:7400/v1/link"]);
  });

  const wrong: readonly [options: ConstructorParameters<typeof Worker>[0], expected: RegExp][] = [
    [
      { address: "nowhere" },
      /The option address: expected host:port, such as 127.0.0.1:7401, or ws:.*, got "nowhere"/,
    ],
    [{ address: ["ws://here:1/v1/link", "here:1"] }, /addresses of WebSockets alone, or none of them/],
    [{ address: "ws://far:1/v1/link", credentials: { accessToken: "t" } }, /unencrypted/],
    [{ address: [] }, /The option address: expected/],
    [{ slots: 0 }, /`slots`: expected a whole number from 1 to 100000, got 0/],
    [{ drainMs: -1 }, /`drainMs`: expected a number from 0, got -1/],
    [
      { address: "far:1", credentials: { accessToken: "t" } },
      /certificateAuthority in addition to the accessToken, which would be sent to far:1/,
    ],
  ];
  for (const [options, expected] of wrong) {
    it(`${JSON.stringify(options)} are refused`, () => {
      assert.throws(() => resolveSettings(options ?? {}, {}), expected);
    });
  }

  it("need a handler, each capability once, and names and versions of the right form", async () => {
    const { worker } = stage();
    await assert.rejects(worker.start(), /The worker has no handler\. Call `worker\.handle/);
    worker.handle("a.b", () => 1).handle("a.b", () => 2, { version: "2.0.0" });
    assert.throws(() => worker.handle("a.b", () => 1), /a\.b@1\.0\.0 has two handlers\. Remove one\./);
    assert.throws(
      () => worker.handle("A B", () => 1),
      /lower-case words such as `pay.charge` or `charge-card`/,
    );
    assert.throws(() => worker.handle("a.c", () => 1, { version: "2" }), /semantic version/);
  });
});
