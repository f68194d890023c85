import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { RetryClass } from "@tutti/contracts/types/v1";
import { latch } from "@tutti/kernel/testing";
import { Busy, currentTask, type TaskContext, TaskFailure } from "../src/index.ts";
import { assignOf, bytesOf, stage, told } from "./memory-host.fixture.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("a task", () => {
  it("is seen whole by code three calls below its handler", async () => {
    const { worker, host, settle, link, pass } = stage();
    const go = latch();
    let printed = "";
    async function first(): Promise<void> {
      await go.opened;
      await second();
    }
    async function second(): Promise<void> {
      await Promise.resolve();
      third();
    }
    function third(): void {
      printed = inspect(currentTask());
    }
    worker.handle("stock.reserve", first, { version: "2.1.0" });
    await link();
    host.send({
      assignments: [assignOf(1, { attempt: 2, runMs: 30_000, traceparent, idempotencyKey: "pay-17" })],
    });
    await pass(200);
    go.open();
    await settle();
    assert.equal(
      printed,
      `task stock.reserve@2.1.0
  caller    run order-17, task reserve in namespace default, attempt 2
  remaining 29.8 s
  trace     ${traceparent}
  key       pay-17`,
    );
    assert.equal(currentTask(), undefined);
  });

  it("has a context of its own though many are at work", async () => {
    const { worker, host, settle, link } = stage();
    const go = latch();
    worker.handle("stock.reserve", async () => {
      await go.opened;
      return currentTask()?.workId;
    });
    await link();
    host.send({
      assignments: [assignOf(1, { workId: "a" }), assignOf(2, { workId: "b" }), assignOf(3, { workId: "c" })],
    });
    await settle();
    go.open();
    await settle();
    assert.deepEqual(told(host.results), ['1: "a"', '2: "b"', '3: "c"']);
  });

  it("gives its handler what the assignment says", async () => {
    const { worker, host, settle, link } = stage({ namespace: "acme" });
    let seen: TaskContext | undefined;
    worker.handle("stock.reserve", (_, context) => {
      seen = context;
      context.logger.info("reserving");
    });
    await link();
    const labels = [{ name: "customer", value: "17" }];
    const saved = new TextEncoder().encode('{"page":3}');
    const budget = { tokens: 10, money: 1, timeMs: 0 };
    host.send({
      assignments: [
        assignOf(1, {
          labels,
          saved,
          budget,
          accessToken: "secret-token",
          contextKey: "repo",
          traceparent,
          workKind: "mission",
        }),
      ],
    });
    await settle();
    assert.ok(seen);
    assert.deepEqual(
      [seen.labels, seen.saved, seen.budget, seen.contextKey],
      [{ customer: "17" }, { page: 3 }, budget, "repo"],
    );
    assert.deepEqual(
      [seen.namespace, seen.idempotencyKey, seen.remainingMs],
      ["acme", "order-17/reserve", Number.POSITIVE_INFINITY],
    );
    assert.deepEqual(
      [seen.caller, seen.trace?.traceId],
      ["mission order-17, task reserve", "4bf92f3577b34da6a3ce929d0e0e4736"],
    );
    assert.ok(!inspect(seen).includes("secret-token") && !JSON.stringify(seen).includes("secret-token"));
  });

  it("logs with its ids and its trace", async () => {
    const { worker, host, settle, link, logger } = stage();
    worker.handle("stock.reserve", (_, context) => context.logger.info("reserving", { shelf: 3 }));
    await link();
    host.send({ assignments: [assignOf(1, { traceparent })] });
    await settle();
    assert.deepEqual(logger.line("reserving").fields, {
      capability: "stock.reserve",
      workId: "order-17",
      taskId: "reserve",
      attempt: 1,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      shelf: 3,
    });
  });

  const failures: readonly [title: string, thrown: () => unknown, expected: string, retry: RetryClass][] = [
    ["an error", () => new RangeError("too far"), "RangeError: too far", RetryClass.RETRY_CLASS_SAME_KEY],
    [
      "an error of Node",
      () => Object.assign(new Error("no"), { code: "ECONNREFUSED" }),
      "ECONNREFUSED: no",
      RetryClass.RETRY_CLASS_SAME_KEY,
    ],
    [
      "a failure that is final",
      () => new TaskFailure("pay.declined", "no money", { final: true }),
      "pay.declined: no money",
      RetryClass.RETRY_CLASS_NEVER,
    ],
    [
      "a failure that is not",
      () => new TaskFailure("pay.slow", "later"),
      "pay.slow: later",
      RetryClass.RETRY_CLASS_SAME_KEY,
    ],
    ["a text", () => "broken", "Error: broken", RetryClass.RETRY_CLASS_SAME_KEY],
    ["nothing", () => undefined, "Error: undefined was thrown", RetryClass.RETRY_CLASS_SAME_KEY],
    [
      "a credential",
      () => new Error("https://me:hunter2@host failed"),
      "Error: https://[redacted]@host failed",
      RetryClass.RETRY_CLASS_SAME_KEY,
    ],
    [
      "something that resists",
      () =>
        new Proxy(
          {},
          {
            get() {
              throw new Error("no");
            },
          },
        ),
      "Error: Error",
      RetryClass.RETRY_CLASS_SAME_KEY,
    ],
  ];
  for (const [title, thrown, expected, retry] of failures) {
    it(`fails by ${title} that its handler throws, and the next one is done`, async () => {
      const { worker, host, settle, link } = stage();
      worker.handle("stock.reserve", async (input) => {
        if (input === "fail") throw thrown();
        return input;
      });
      await link();
      host.send({ assignments: [assignOf(1, {}, "fail"), assignOf(2, {}, "well")] });
      await settle();
      // The one that failed took a turn longer or not; their order says nothing.
      const failed = host.results.find(({ token }) => token[0] === 1)?.outcome;
      assert.ok(failed?.$case === "failed");
      assert.deepEqual(
        [`${failed.value.code}: ${failed.value.message}`, failed.value.retry],
        [expected, retry],
      );
      assert.equal(host.results.length, 2);
    });
  }

  it("tells with an error where it was thrown, and what caused it", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => {
      throw new Error("outer", { cause: new TypeError("inner") });
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const outcome = host.results[0]?.outcome;
    assert.ok(outcome?.$case === "failed");
    assert.match(outcome.value.details["stack"] ?? "", /tasks\.test\.ts/);
    assert.match(outcome.value.cause?.message ?? "", /inner/);
  });

  it("is answered as busy when its handler is", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => {
      throw new Busy({ retryAfterMs: 700, message: "429" });
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(host.results[0]?.outcome, {
      $case: "busy",
      value: { retryAfterMs: 700, message: "429" },
    });
  });

  const limited = (more: object) => Object.assign(new Error("slow down"), more);
  for (const [what, error, retryAfterMs] of [
    ["a status", limited({ status: 429 }), 0],
    ["a status and headers", limited({ status: 429, headers: new Headers({ "retry-after": "2" }) }), 2_000],
    ["a status code", limited({ statusCode: 429, headers: { "retry-after": "3" } }), 3_000],
    ["a response", limited({ response: { status: 429, headers: { "retry-after": "soon" } } }), 0],
  ] as const)
    it(`is answered as busy when its provider answered 429, said by ${what} of the error`, async () => {
      const { worker, host, settle, link } = stage();
      worker.handle("stock.reserve", () => {
        throw error;
      });
      await link();
      host.send({ assignments: [assignOf(1)] });
      await settle();
      assert.deepEqual(host.results[0]?.outcome, {
        $case: "busy",
        value: { retryAfterMs, message: "slow down" },
      });
    });

  it("with an output of 50 MB fails, and none of it leaves", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => "x".repeat(50_000_000));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const outcome = host.results[0]?.outcome;
    assert.ok(outcome?.$case === "failed");
    assert.equal(
      outcome.value.message,
      "expected an output of stock.reserve of at most 1048576 bytes, found 50000002; store it elsewhere and return a reference to it",
    );
    assert.ok(host.stream.raw.every(({ length }) => length < 10_000));
  });

  it("with an output that is no JSON fails, and says where", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => ({ items: [{ price: 1 }, { price: Number.NaN }] }));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const outcome = host.results[0]?.outcome;
    assert.ok(outcome?.$case === "failed");
    assert.equal(
      outcome.value.message,
      "expected an output of stock.reserve that is JSON, found NaN at output.items[1].price; return plain data",
    );
  });

  it("for a number that was not agreed on, or with an input that is no JSON, fails without a handler", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => assert.fail("not to be called"));
    await link();
    const broken = { $case: "inlineInput" as const, value: new TextEncoder().encode("{") };
    host.send({ assignments: [assignOf(1, { capability: 9 }), assignOf(2, { input: broken })] });
    await settle();
    assert.deepEqual(told(host.results), [
      "1: failed sdk.unknown_capability",
      "2: failed sdk.input_malformed",
    ]);
  });

  it("has an input from the blob store where that is too large for a frame", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", (input) => input);
    await link();
    host.blobs.set(7, { large: true });
    const blobOf = (first: number, size: number) => ({
      $case: "inputPayload" as const,
      value: {
        body: { $case: "blob" as const, value: { sha256: new Uint8Array(32).fill(first), size } },
        mediaType: "",
      },
    });
    host.send({
      assignments: [
        assignOf(1, { input: blobOf(7, 2_000_000) }),
        assignOf(2, { input: blobOf(8, 2_000_000) }),
        assignOf(3, { input: blobOf(7, 1e12) }),
      ],
    });
    await settle();
    assert.deepEqual(told(host.results).toSorted(), [
      '1: {"large":true}',
      "2: failed sdk.input_unreadable",
      "3: failed sdk.input_unreadable",
    ]);
    assert.equal(host.credit, 7, "every slot is free");
  });

  it("beyond the slots is answered as busy", async () => {
    const { worker, host, settle, link } = stage({ slots: 1 });
    const go = latch();
    worker.handle("stock.reserve", () => go.opened);
    await link();
    host.send({ assignments: [assignOf(1), assignOf(2)] });
    await settle();
    assert.deepEqual(told(host.results), ["2: busy"]);
    go.open();
    await settle();
    assert.deepEqual(told(host.results), ["2: busy", "1: null"]);
  });
});

describe("an attempt that is ended", () => {
  function slowWorker(listens: boolean) {
    const all = stage();
    const reasons: string[] = [];
    all.worker.handle("slow", async (_, { signal }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          reasons.push(`${signal.reason.code}`);
          if (listens) resolve();
        });
      });
      throw signal.reason;
    });
    return { ...all, reasons };
  }

  it("by a cancellation is stopped, when its handler listens", async () => {
    const { host, settle, link, reasons } = slowWorker(true);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.send({ cancels: [{ token: bytesOf(1), reason: "not needed", graceMs: 1_000 }] });
    await settle();
    assert.deepEqual([told(host.results), reasons], [["1: stopped"], ["sdk.cancelled"]]);
  });

  it("by a cancellation is stopped at the end of the grace, when its handler does not listen; its slot stays taken", async () => {
    const { host, settle, link, pass, logger } = slowWorker(false);
    await link();
    host.send({ assignments: [assignOf(1)] });
    host.send({ cancels: [{ token: bytesOf(1), reason: "not needed", graceMs: 1_000 }] });
    await pass(999);
    assert.deepEqual(told(host.results), []);
    await pass(1);
    assert.deepEqual(told(host.results), ["1: stopped"]);
    assert.equal(host.credit, 4);
    assert.equal(logger.messages("warn").length, 1);
    await settle();
  });

  it("by a cancellation without grace is not answered", async () => {
    const { host, settle, link, pass } = slowWorker(true);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.send({ cancels: [{ token: bytesOf(1), reason: "", graceMs: 0 }] });
    await pass(20_000);
    assert.deepEqual(told(host.results), []);
    assert.equal(host.credit, 5);
  });

  it("by its timeout fails; an extension moves that", async () => {
    const { host, settle, link, pass, reasons } = slowWorker(true);
    await link();
    host.send({
      assignments: [
        assignOf(1, { runMs: 2_000 }),
        assignOf(2, { totalMs: 3_000 }),
        assignOf(3, { runMs: 2_000 }),
      ],
    });
    host.send({ extensions: [{ token: bytesOf(3), runMs: 10_000, totalMs: 0 }] });
    await pass(1_999);
    assert.deepEqual(reasons, []);
    await pass(1);
    assert.deepEqual(told(host.results), ["1: failed sdk.timed_out"]);
    await pass(1_000);
    assert.deepEqual(told(host.results), ["1: failed sdk.timed_out", "2: failed sdk.timed_out"]);
    await pass(7_000);
    assert.equal(host.results.length, 3);
    await settle();
  });

  it("by its timeout fails five seconds later, when its handler does not listen", async () => {
    const { host, link, pass } = slowWorker(false);
    await link();
    host.send({ assignments: [assignOf(1, { runMs: 2_000 })] });
    await pass(6_999);
    assert.deepEqual(told(host.results), []);
    await pass(1);
    assert.deepEqual(told(host.results), ["1: failed sdk.timed_out"]);
  });
});

describe("what an attempt tells", () => {
  it("that it has begun is told when it takes longer, once", async () => {
    const { worker, host, link, pass, settle } = stage();
    const go = latch();
    worker.handle("slow", () => go.opened).handle("quick", () => 1);
    await link({ startedAfterMs: 500 });
    host.send({ assignments: [assignOf(1), assignOf(2, { capability: 2 })] });
    await pass(2_000);
    go.open();
    await settle();
    const started = host.stream.frames.flatMap((frame) => frame.started);
    assert.deepEqual(
      started.map(({ token, agoMs }) => [token[0], agoMs]),
      [[1, 500]],
    );
  });

  it("of its progress is put together, but what it saves goes at once, and nothing is lost before the result", async () => {
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
    const said = () =>
      host.stream.frames.flatMap(({ progress }) =>
        progress.map(({ message, saved }) => `${message} ${Buffer.from(saved)}`),
      );
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(said(), ["one "]);
    steps[0]?.open();
    await settle();
    assert.deepEqual(said(), ["one "]);
    await pass(100);
    assert.deepEqual(said(), ["one ", "two "]);
    steps[1]?.open();
    await settle();
    assert.deepEqual(said(), ["one ", "two ", 'three {"at":3}']);
    steps[2]?.open();
    await settle();
    assert.deepEqual(said(), ["one ", "two ", 'three {"at":3}', "four "]);
    assert.deepEqual(told(host.results), ["1: failed Error"]);
  });

  it("what it saved is told again on a new link", async () => {
    const { worker, host, link, settle, pass } = stage();
    const go = latch();
    worker.handle("slow", async (_, context) => {
      context.progress({ saved: 7 });
      await go.opened;
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.cut();
    await pass(1_000);
    host.welcome();
    await settle();
    assert.deepEqual(
      host.stream.frames.flatMap(({ progress }) =>
        progress.map(({ saved }) => Buffer.from(saved).toString()),
      ),
      ["7"],
    );
    go.open();
    await settle();
  });

  it("more than 64 KiB is refused", async () => {
    const { worker, host, link, settle } = stage();
    worker.handle("slow", (_, context) => context.progress({ saved: "x".repeat(70_000) }));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(told(host.results), ["1: failed sdk.saved_too_large"]);
  });

  it("of its output comes in pieces, in order, before the result, and waits where there is much", async () => {
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
    assert.deepEqual(told(host.results), ['1: "done"']);
  });

  it("of what it used is told with the result", async () => {
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

  it("of the models that it asked is told with the result, and what they took counts as used", async () => {
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
