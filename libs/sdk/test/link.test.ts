import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RetryClass } from "@tutti/contracts/types/v1";
import { latch } from "@tutti/kernel/testing";
import { assignOf, bytesOf, printResults, stage } from "./memory-host.fixture.ts";

describe("a worker's link", () => {
  it("greets alone, then grants credit for its slots", async () => {
    const { worker, host, settle } = stage({ pool: "gpu", labels: { zone: "a" }, slots: 8 });
    worker.handle("stock.reserve", () => 1, { version: "2.1.0", inputSchema: { type: "object" } });
    const started = worker.start();
    await settle();
    assert.equal(host.stream.frames.length, 1);
    const { hello } = host;
    assert.deepEqual(
      [hello.pool, hello.namespace, hello.versionMin, hello.versionMax],
      ["gpu", "default", 1, 1],
    );
    assert.deepEqual(hello.offering?.labels, { zone: "a" });
    assert.deepEqual(
      hello.offering?.capabilities.map(({ name, version, inputSchema }) => ({ name, version, inputSchema })),
      [{ name: "stock.reserve", version: "2.1.0", inputSchema: '{"type":"object"}' }],
    );
    host.welcome();
    await started;
    assert.equal(worker.state, "working");
    assert.deepEqual(
      host.stream.frames.slice(1).map(({ sequence, credit }) => ({ sequence, credit })),
      [{ sequence: 1, credit: 8 }],
    );
  });

  it("starts with a warning for a misspelt variable", async () => {
    const { worker, logger, link } = stage({}, { TUTTI_NAMSPACE: "shop", TUTTI_LOG_LEVEL: "debug" });
    worker.handle("echo", async (input) => input);
    await link();
    assert.deepEqual(logger.messages("warn"), [
      "The environment variable TUTTI_NAMSPACE is ignored. Did you mean TUTTI_NAMESPACE?",
    ]);
  });

  it("answers all tasks of a turn in one frame, with the freed credit", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("echo", async (input) => input);
    await link();
    host.send({ assignments: [assignOf(1, {}, "a"), assignOf(2, {}, "b")] });
    host.send({ assignments: [assignOf(3, {}, "c")] });
    await settle();
    const [, , frame, ...others] = host.stream.frames;
    assert.deepEqual(others, []);
    assert.deepEqual(printResults(frame?.results ?? []), ['1: "a"', '2: "b"', '3: "c"']);
    assert.deepEqual([frame?.acknowledged, frame?.credit], [2, 3]);
  });

  it("drops a repeated assignment, running or answered", async () => {
    const { worker, host, settle, link } = stage();
    const gate = latch();
    let calls = 0;
    worker.handle("slow", async () => {
      calls++;
      await gate.opened;
      return calls;
    });
    await link();
    host.send({ assignments: [assignOf(1), assignOf(1)] });
    gate.open();
    await settle();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual([calls, printResults(host.results)], [1, ["1: 1"]]);
    assert.equal(host.credit, 4 + 3, "each assignment used up a credit, and every slot is free");
  });

  it("repeats only the frames that the host lacks after a cut, byte for byte", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.send({ assignments: [assignOf(2)], acknowledged: 2 });
    await settle();
    const before = host.stream.raw;
    host.disconnect();
    await pass(1_000);
    assert.deepEqual(host.hello.resume, { linkId: "link-1", received: 2 });
    host.welcome({ resumed: true, received: 2, linkId: "link-1" });
    await settle();
    assert.deepEqual(host.stream.raw[1], before[3]);
    assert.deepEqual(printResults(host.results), ["2: null"]);
    host.send({ assignments: [assignOf(3)] });
    await settle();
    assert.deepEqual(
      host.stream.frames.map(({ sequence }) => sequence),
      [0, 3, 4, 5],
    );
    assert.deepEqual(printResults(host.results), ["2: null", "3: null"]);
  });

  it("starts a new link with the remaining tokens, and repeats results that are not durable", async () => {
    const { worker, host, settle, link, pass } = stage();
    const gate = latch();
    worker.handle("echo", async (input) => {
      if (input === "slow") await gate.opened;
      return input;
    });
    await link({ resumeWindowMs: 500 });
    host.send({
      assignments: [
        assignOf(1, {}, "one"),
        assignOf(2, {}, "two"),
        assignOf(3, {}, "three"),
        assignOf(4, {}, "slow"),
      ],
    });
    await settle();
    host.send({ resultsDurable: 1, resultsDurableBeyond: [3] });
    host.isDown = true;
    host.disconnect();
    await pass(1_000);
    host.isDown = false;
    await pass(10_000);
    assert.equal(host.hello.resume, undefined);
    assert.deepEqual(
      host.hello.running.map(([first]) => first),
      [4, 2],
    );
    host.welcome();
    await settle();
    assert.deepEqual(printResults(host.results), ['2: "two"']);
    assert.deepEqual(
      host.stream.frames.flatMap(({ started }) => started).map(({ token }) => token[0]),
      [4],
    );
    assert.equal(host.credit, 3);
    gate.open();
    await settle();
    assert.deepEqual(printResults(host.results), ['2: "two"', '4: "slow"']);
    host.send({ resultsDurable: 2 });
    host.disconnect();
    await pass(10_000);
    assert.deepEqual(host.hello.running, []);
  });

  it("drops work that a new host does not want", async () => {
    const { worker, host, settle, link, pass } = stage();
    let reason: unknown;
    worker.handle("echo", async (input, { signal }) => {
      if (input !== "slow") return input;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reason = signal.reason;
      return input;
    });
    await link();
    host.send({ assignments: [assignOf(1), assignOf(2, {}, "slow")] });
    await settle();
    host.disconnect();
    await pass(1_000);
    assert.deepEqual(host.hello.running.length, 2);
    host.welcome({ unwanted: [bytesOf(1), bytesOf(2)] });
    await settle();
    assert.deepEqual(host.results, []);
    assert.match(String(reason), /The attempt was cancelled: given to another/);
    await pass(10_000);
    assert.equal(host.credit, 4, "the slot is free again");
  });

  it("aborts running tasks after a disconnection longer than the lease and the resume window", async () => {
    const { worker, host, settle, link, pass } = stage();
    const reasons: unknown[] = [];
    worker.handle("slow", async (_, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reasons.push(signal.reason);
      throw signal.reason;
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.isDown = true;
    host.disconnect();
    await pass(59_000);
    assert.deepEqual(reasons, []);
    await pass(2_000);
    assert.match(String(reasons[0]), /no link to its host for 1 min/);
    host.isDown = false;
    await pass(10_000);
    host.welcome();
    await settle();
    assert.deepEqual(printResults(host.results), ["1: failed sdk.link_lost"]);
  });

  it("names a refused key in each line, with pauses that grow to a minute", async () => {
    const { worker, host, logger, settle, pass } = stage();
    worker.handle("echo", (input) => input);
    void worker.start();
    await settle();
    host.disconnect("The credential is not valid.", true);
    const redial = async () => {
      for (const before = host.streams.length; host.streams.length === before; ) await pass(500);
    };
    for (let attempt = 0; attempt < 8; attempt++) {
      await redial();
      host.disconnect("Too many attempts came from this address.");
    }
    const lines = logger.lines.filter(({ level }) => level === "error");
    assert.equal(lines.length, 9);
    for (const { message, fields } of lines) {
      assert.equal(message, "key refused, retrying");
      assert.equal(fields["reason"], "The credential is not valid.");
      assert.match(String(fields["remedy"]), /TUTTI_API_KEY/);
    }
    assert.equal(lines.at(-1)?.fields["latest"], "Too many attempts came from this address.");
    assert.ok(Number(lines[0]?.fields["pauseMs"]) <= 1_000);
    assert.ok(Number(lines.at(-1)?.fields["pauseMs"]) >= 30_000);
    await redial();
    host.welcome();
    await settle();
    host.disconnect();
    assert.equal(logger.lines.filter(({ level }) => level === "error").length, 9);
  });

  it("names a remedy in each line about a missing link", async () => {
    const { worker, host, logger, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    const reasons = [
      ["ECONNRESET", "The connection was reset", /log of the platform/],
      ["ETIMEDOUT", "The host does not answer", /TUTTI_URL/],
      ["ECONNREFUSED", "The connection was refused", /npx tutti dev/],
      ["ENOTFOUND", "The host was not found", /TUTTI_URL/],
      ["the answer is not HTTP", "the answer is not HTTP", /TUTTI_URL/],
      ["the host closed the WebSocket", "the host closed the WebSocket", /log of the platform/],
    ] as const;
    for (const [reason, expectedReason, remedy] of reasons) {
      const before = host.streams.length;
      host.disconnect(reason);
      const { message, fields } = logger.lines.at(-1) ?? assert.fail("expected a line");
      assert.equal(message, "no link, retrying");
      assert.equal(fields["reason"], expectedReason);
      assert.match(String(fields["remedy"]), remedy);
      while (host.streams.length === before) await pass(500);
    }
  });

  it("drops a repeated frame, and breaks the stream at a gap", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    const bytes = host.send({ assignments: [assignOf(1)] });
    host.stream.events.frame(bytes);
    await settle();
    assert.equal(host.results.length, 1);
    host.sequence++;
    host.send({ assignments: [assignOf(2)] });
    await settle();
    assert.match(host.stream.cancelledBecause, /expected frame 2 of the host, got 3/);
    assert.equal(host.results.length, 1);
    await pass(1_000);
    assert.deepEqual(host.hello.resume, { linkId: "link-1", received: 1 });
  });

  it("ends a link after an invalid frame, and starts another", async () => {
    const { worker, host, settle, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.stream.events.frame(Uint8Array.of(0xff, 0xff, 0xff));
    await pass(1_000);
    assert.equal(host.streams.length, 2);
    assert.equal(host.hello.resume, undefined);
    assert.equal(host.hello.running.length, 1);
  });

  it("does not believe acknowledgements and durable results that cannot be", async () => {
    for (const frame of [{ acknowledged: 9 }, { resultsDurable: 3 }]) {
      const { worker, host, link } = stage();
      worker.handle("echo", (input) => input);
      await link();
      host.send(frame);
      assert.match(host.stream.cancelledBecause, /expected (an acknowledgement|at most 0 durable)/);
    }
  });

  it("reconnects with growing pauses and jitter", async () => {
    const { worker, host, settle, link, pass, time } = stage();
    worker.handle("echo", (input) => input);
    await link();
    host.isDown = true;
    host.disconnect();
    await settle();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) {
      const waitMs = (time.nextDueMs ?? 0) - time.monotonic();
      pauses.push(waitMs);
      await pass(waitMs);
    }
    assert.ok(
      pauses.every((pause, index) => pause >= Math.min(50 * 2 ** index, 1_500) && pause <= 100 * 2 ** index),
      `${pauses}`,
    );
    assert.ok(Math.max(...pauses) <= 3_000);
    host.isDown = false;
    await pass(10_000);
    assert.equal(host.streams.length, 2);
  });

  it("follows a redirect, and returns to its first address if the new host is away", async () => {
    const { worker, host, settle, pass } = stage();
    worker.handle("echo", (input) => input);
    const started = worker.start();
    await settle();
    host.reply({
      $case: "redirect",
      value: { address: "host-2:7401", instance: "two", epoch: 5, delayMs: 200 },
    });
    await pass(199);
    assert.equal(host.streams.length, 1);
    await pass(1);
    assert.equal(host.stream.address, "host-2:7401");
    host.welcome();
    await started;
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.send({
      answer: {
        $case: "redirect",
        value: { address: "host-9:7401", instance: "nine", epoch: 4, delayMs: 0 },
      },
    });
    assert.equal(host.stream.cancelledBecause, "", "a redirect of a former owner has no effect");
    host.send({
      answer: {
        $case: "redirect",
        value: { address: "host-3:7401", instance: "three", epoch: 6, delayMs: 0 },
      },
    });
    host.isDown = true;
    await pass(5_000);
    host.isDown = false;
    await pass(10_000);
    assert.equal(host.stream.address, "host-1:7401");
    assert.equal(host.hello.running.length, 1);
  });

  it("returns to its first address when the host of the redirect says goodbye", async () => {
    const { worker, host, settle, pass } = stage();
    worker.handle("echo", (input) => input);
    const started = worker.start();
    await settle();
    host.reply({
      $case: "redirect",
      value: { address: "host-2:7401", instance: "two", epoch: 5, delayMs: 0 },
    });
    await pass(0);
    host.welcome();
    await started;
    assert.equal(host.stream.address, "host-2:7401");
    host.send({ bye: { reason: "its pool goes to another process", returnAfterMs: 200 } });
    await pass(1_000);
    assert.equal(host.stream.address, "host-1:7401");
    assert.equal(host.hello.resume, undefined);
  });

  it("slows down when hosts redirect it to each other", async () => {
    const { worker, host, settle, pass } = stage();
    worker.handle("echo", (input) => input);
    worker.start().catch(() => {});
    await settle();
    for (let count = 0; count < 40; count++) {
      const address = count % 2 === 0 ? "host-2:7401" : "host-1:7401";
      const { isEnded, cancelledBecause } = host.stream;
      if (!isEnded && cancelledBecause === "")
        host.reply({ $case: "redirect", value: { address, instance: address, epoch: 1, delayMs: 0 } });
      await pass(50);
    }
    assert.ok(host.streams.length < 12, `${host.streams.length} streams in two seconds`);
  });

  it("follows a pool of a reinstalled platform after a while", async () => {
    const { worker, host, settle, pass } = stage();
    worker.handle("echo", (input) => input);
    worker.start().catch(() => {});
    await settle();
    const redirect = (address: string, epoch: number) =>
      host.reply({ $case: "redirect", value: { address, instance: address, epoch, delayMs: 0 } });
    redirect("host-2:7401", 9);
    await pass(1);
    host.disconnect();
    for (let count = 0; count < 20 && host.stream.address !== "host-3:7401"; count++) {
      await pass(1_000);
      if (host.stream.address === "host-1:7401" && host.stream.cancelledBecause === "")
        redirect("host-3:7401", 1);
      else if (host.stream.cancelledBecause === "") host.disconnect();
    }
    assert.equal(host.stream.address, "host-3:7401");
    await worker.stop();
  });

  it("waits when it is refused for now, and ends when it is refused for good", async () => {
    const { worker, host, settle, pass, edge } = stage();
    const refuse = (retry: RetryClass, retryAfterMs: number) =>
      host.reply({
        $case: "refused",
        value: {
          error: {
            code: "pool.full",
            message: "the pool is full",
            retry,
            retryAfterMs,
            status: "RESOURCE_EXHAUSTED",
            violations: [],
            details: {},
            cause: undefined,
            notOwner: undefined,
          },
        },
      });
    worker.handle("echo", (input) => input);
    const started = worker.start();
    await settle();
    refuse(RetryClass.RETRY_CLASS_SAME_KEY, 5_000);
    await pass(4_999);
    assert.equal(host.streams.length, 1);
    await pass(200);
    assert.equal(host.streams.length, 2);
    assert.equal(edge.kept, 1, "the process stays while it waits");
    const before = process.exitCode;
    refuse(RetryClass.RETRY_CLASS_NEVER, 0);
    process.exitCode = before;
    await assert.rejects(started, /the pool is full/);
    await assert.rejects(worker.stopped, { code: "sdk.refused" });
    assert.deepEqual([worker.state, edge.kept, host.isClosed], ["failed", 0, true]);
  });

  it("sends a heartbeat each period, and leaves a host that sends none", async () => {
    const { worker, host, link, pass } = stage();
    worker.handle("echo", (input) => input);
    await link({ heartbeatMs: 1_000, leaseMs: 3_000 });
    await pass(3_000);
    const beats = host.stream.frames.flatMap(({ heartbeat }) => heartbeat ?? []);
    assert.deepEqual(
      beats.map(({ freeSlots, attempts, figures }) => [freeSlots, attempts, figures?.cpu]),
      [
        [4, 0, 0.5],
        [4, 0, 0.5],
        [4, 0, 0.5],
      ],
    );
    await pass(2_000);
    assert.match(host.streams[0]?.cancelledBecause ?? "", /silent/);
    assert.deepEqual(host.hello.resume, { linkId: "link-1", received: 0 });
  });

  it("never has more than the window unacknowledged, and loses no result by waiting", async () => {
    const { worker, host, settle, link } = stage({ slots: 40 });
    worker.handle("big", (input) => `${input}`.padEnd(1_000_000, "x"));
    await link();
    host.send({ assignments: Array.from({ length: 40 }, (_, at) => assignOf(at + 1, {}, at + 1)) });
    await settle();
    const bytes = host.stream.raw.reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes <= 16 * 1024 * 1024, `${bytes}`);
    assert.ok(host.stream.raw.every(({ length }) => length <= 4 * 1024 * 1024));
    while (host.results.length < 40) {
      const before = host.results.length;
      host.send({ acknowledged: host.stream.frames.length - 1 });
      await settle();
      assert.ok(host.results.length > before);
    }
    assert.deepEqual(
      host.results.map(({ token }) => token[0]),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
  });
});
