import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import { assignOf, printResults, stage } from "./memory-host.fixture.ts";

describe("information that an attempt reports", () => {
  it("a start is reported once, if the attempt takes longer than the limit", async () => {
    const { worker, host, link, pass, settle } = stage();
    const gate = latch();
    worker.handle("slow", () => gate.opened).handle("quick", () => 1);
    await link({ startedAfterMs: 500 });
    host.send({ assignments: [assignOf(1), assignOf(2, { capability: 2 })] });
    await pass(2_000);
    gate.open();
    await settle();
    const started = host.stream.frames.flatMap((frame) => frame.started);
    assert.deepEqual(
      started.map(({ token, agoMs }) => [token[0], agoMs]),
      [[1, 500]],
    );
  });

  it("progress is batched, saved data is sent at once, and no update is lost before the result", async () => {
    const { worker, host, link, settle, pass } = stage();
    const steps = [latch(), latch(), latch()];
    worker.handle("slow", async (_, context) => {
      context.progress({ fraction: 0.1 });
      context.progress({ message: "one" });
      await steps[0]?.opened;
      context.progress({ message: "two" });
      await steps[1]?.opened;
      context.progress({ message: "three", saved: { at: 3 } });
      await steps[2]?.opened;
      context.progress({ message: "four" });
      throw new Error("half");
    });
    await link();
    const reports = () =>
      host.stream.frames.flatMap(({ progress }) =>
        progress.map(({ message, saved }) => `${message} ${Buffer.from(saved)}`),
      );
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(reports(), ["one "]);
    steps[0]?.open();
    await settle();
    assert.deepEqual(reports(), ["one "]);
    await pass(100);
    assert.deepEqual(reports(), ["one ", "two "]);
    steps[1]?.open();
    await settle();
    assert.deepEqual(reports(), ["one ", "two ", 'three {"at":3}']);
    steps[2]?.open();
    await settle();
    assert.deepEqual(reports(), ["one ", "two ", 'three {"at":3}', "four "]);
    assert.deepEqual(printResults(host.results), ["1: failed Error"]);
  });

  it("saved data is reported again on a new link", async () => {
    const { worker, host, link, settle, pass } = stage();
    const gate = latch();
    worker.handle("slow", async (_, context) => {
      context.progress({ saved: 7 });
      await gate.opened;
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.disconnect();
    await pass(1_000);
    host.welcome();
    await settle();
    assert.deepEqual(
      host.stream.frames.flatMap(({ progress }) =>
        progress.map(({ saved }) => Buffer.from(saved).toString()),
      ),
      ["7"],
    );
    gate.open();
    await settle();
  });

  it("more than 64 KiB is refused", async () => {
    const { worker, host, link, settle } = stage();
    worker.handle("slow", (_, context) => context.progress({ saved: "x".repeat(70_000) }));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(printResults(host.results), ["1: failed sdk.saved_too_large"]);
  });

  it("output is sent in pieces, in order, before the result, and waits if too much is pending", async () => {
    const { worker, host, link, settle } = stage();
    let pieces = 0;
    worker.handle("tokens", async (_, context) => {
      await context.output("a".repeat(100_000), { channel: "text" });
      for (; pieces < 200; pieces++) await context.output(new Uint8Array(60_000));
      return "done";
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.ok(pieces < 200, "it waits for the host");
    for (let round = 0; round < 20 && host.results.length === 0; round++) {
      host.send({ acknowledged: host.stream.frames.length - 1 });
      await settle();
    }
    const outputs = host.stream.frames.flatMap(({ partialOutputs }) => partialOutputs);
    assert.deepEqual(
      outputs.map(({ index }) => index),
      Array.from({ length: 202 }, (_, index) => index),
    );
    assert.deepEqual(
      outputs.slice(0, 3).map(({ chunk, channel }) => [chunk.length, channel]),
      [
        [65_536, "text"],
        [34_464, "text"],
        [60_000, ""],
      ],
    );
    assert.deepEqual(printResults(host.results), ['1: "done"']);
  });

  it("of its log is output of the run in the channel `log`, as far as the worker writes it, without a secret", async () => {
    for (const sendLogs of [true, false]) {
      const { worker, host, link, settle, logger } = stage({ sendLogs });
      worker.handle("loud", (_, { logger: log }) => {
        log.info("charged", { cents: 5, token: "hush" });
        log.child({ till: 7 }).warn("late");
        return null;
      });
      await link();
      host.send({ assignments: [assignOf(1)] });
      await settle();
      const pieces = host.stream.frames.flatMap(({ partialOutputs }) => partialOutputs);
      const lines = pieces.map(({ index, channel, chunk }) => [
        index,
        channel,
        `${Buffer.from(chunk)}`.slice(9),
      ]);
      const expected = [
        [0, "log", "info  charged (cents 5, token [redacted])\n"],
        [1, "log", "warn  late (till 7)\n"],
      ];
      assert.deepEqual(lines, sendLogs ? expected : []);
      assert.deepEqual(logger.messages("info").slice(-1), ["charged"]);
    }
  });

  it("log lines for readers are dropped while too much is pending", async () => {
    const { worker, host, link, settle } = stage();
    const line = "x".repeat(10_000);
    worker.handle("loud", (_, { logger: log }) => {
      for (let lines = 0; lines < 1_000; lines++) log.info(line);
      return "done";
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    for (let round = 0; round < 20 && host.results.length === 0; round++) {
      host.send({ acknowledged: host.stream.frames.length - 1 });
      await settle();
    }
    const pieces = host.stream.frames.flatMap(({ partialOutputs }) => partialOutputs);
    assert.ok(pieces.length > 50 && pieces.length < 120, `${pieces.length} lines of 10 kB`);
    assert.deepEqual(printResults(host.results), ['1: "done"']);
  });

  it("of its usage is reported with the result", async () => {
    const { worker, host, link, settle } = stage();
    worker.handle("model", (_, context) => {
      context.use({ tokens: 100, money: 0.5 });
      context.use({ tokens: 20 });
      return 1;
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(host.results[0]?.used, { tokens: 120, money: 0.5, timeMs: 0 });
  });

  it("of the models that it called is reported with the result, and their usage is counted", async () => {
    const { worker, host, link, settle } = stage();
    worker.handle("write", async (_, context) => {
      const text = await context.askModel({ provider: "openai", model: "gpt-5" }, async (answered) => {
        answered({ model: "gpt-5-2026", inputTokens: 90, outputTokens: 10, finishReasons: ["stop"] });
        return "a poem";
      });
      const busy = Object.assign(new Error("later"), { code: "rate_limited" });
      const refused = context.askModel({ operation: "embeddings", model: "ada" }, () => Promise.reject(busy));
      await assert.rejects(refused, busy);
      return text;
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const [result] = host.results;
    assert.deepEqual(result?.used, { tokens: 100, money: 0, timeMs: 0 });
    const nothing = { provider: "", responseModel: "", inputTokens: 0, outputTokens: 0, errorType: "" };
    const times = { agoMs: 0, tookMs: 0, finishReasons: [] };
    assert.deepEqual(result?.modelCalls?.calls, [
      {
        ...{ ...nothing, ...times, operation: "chat", provider: "openai", requestModel: "gpt-5" },
        ...{ responseModel: "gpt-5-2026", inputTokens: 90, outputTokens: 10, finishReasons: ["stop"] },
      },
      { ...nothing, ...times, operation: "embeddings", requestModel: "ada", errorType: "rate_limited" },
    ]);
  });
});
