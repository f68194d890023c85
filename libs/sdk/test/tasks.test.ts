import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { RetryClass } from "@tutti/contracts/types/v1";
import { latch } from "@tutti/kernel/testing";
import { Busy, currentTask, type TaskContext, TaskFailure } from "../src/index.ts";
import { partsOf, readAll } from "../src/link/blobs.ts";
import { assignOf, printResults, stage } from "./memory-host.fixture.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("a task", () => {
  it("is seen whole by code three calls below its handler", async () => {
    const { worker, host, settle, link, pass } = stage();
    const gate = latch();
    let printed = "";
    async function first(): Promise<void> {
      await gate.opened;
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
    gate.open();
    await settle();
    assert.equal(
      printed,
      `task stock.reserve@2.1.0
  caller    run order-17, task reserve in namespace default, attempt 2
  remaining 30 s
  trace     ${traceparent}
  key       pay-17`,
    );
    assert.equal(currentTask(), undefined);
  });

  it("has a context of its own though many are running", async () => {
    const { worker, host, settle, link } = stage();
    const gate = latch();
    worker.handle("stock.reserve", async () => {
      await gate.opened;
      return currentTask()?.workId;
    });
    await link();
    host.send({
      assignments: [assignOf(1, { workId: "a" }), assignOf(2, { workId: "b" }), assignOf(3, { workId: "c" })],
    });
    await settle();
    gate.open();
    await settle();
    assert.deepEqual(printResults(host.results), ['1: "a"', '2: "b"', '3: "c"']);
  });

  it("passes the fields of the assignment to its handler", async () => {
    const { worker, host, settle, link } = stage({ namespace: "acme" });
    let received: TaskContext | undefined;
    worker.handle("stock.reserve", (_, context) => {
      received = context;
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
    assert.ok(received);
    assert.deepEqual(
      [received.labels, received.saved, received.budget, received.contextKey],
      [{ customer: "17" }, { page: 3 }, budget, "repo"],
    );
    assert.deepEqual(
      [received.namespace, received.idempotencyKey, received.remainingMs],
      ["acme", "order-17/reserve", Number.POSITIVE_INFINITY],
    );
    assert.deepEqual(
      [received.caller, received.trace?.traceId],
      ["mission order-17, task reserve", "4bf92f3577b34da6a3ce929d0e0e4736"],
    );
    assert.ok(
      !inspect(received).includes("secret-token") && !JSON.stringify(received).includes("secret-token"),
    );
  });

  it("that fails is logged with its error, once a second for each capability", async () => {
    const { worker, host, settle, link, logger } = stage();
    worker.handle("stock.reserve", () => {
      throw new TypeError("no shelf");
    });
    await link();
    host.send({ assignments: [assignOf(1), assignOf(2)] });
    await settle();
    assert.deepEqual(logger.messages("warn"), ["attempt failed"]);
    const { error, ...names } = logger.line("attempt failed").fields;
    assert.ok(error instanceof TypeError && error.message === "no shelf");
    assert.deepEqual(names, {
      capability: "stock.reserve",
      workId: "order-17",
      taskId: "reserve",
      attempt: 1,
    });
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
    ["a plain object", () => ({ a: 1 }), 'Error: {"a":1}', RetryClass.RETRY_CLASS_SAME_KEY],
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
      "Error: an object that is no JSON was thrown",
      RetryClass.RETRY_CLASS_SAME_KEY,
    ],
  ];
  for (const [title, thrown, expected, retry] of failures) {
    it(`fails by ${title} that its handler throws, and the next task is done`, async () => {
      const { worker, host, settle, link } = stage();
      worker.handle("stock.reserve", async (input) => {
        if (input === "fail") throw thrown();
        return input;
      });
      await link();
      host.send({ assignments: [assignOf(1, {}, "fail"), assignOf(2, {}, "well")] });
      await settle();
      // The failed task may have taken a turn longer. The order of the results is not fixed.
      const failed = host.results.find(({ token }) => token[0] === 1)?.outcome;
      assert.ok(failed?.$case === "failed");
      assert.deepEqual(
        [`${failed.value.code}: ${failed.value.message}`, failed.value.retry],
        [expected, retry],
      );
      assert.equal(host.results.length, 2);
    });
  }

  it("reports the stack and the cause of an error", async () => {
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
      throw new Busy({ retryAfterMs: 700, message: "429", capabilities: ["stock.*"] });
    });
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    assert.deepEqual(host.results[0]?.outcome, {
      $case: "busy",
      value: { retryAfterMs: 700, message: "429", capabilities: ["stock.*"] },
    });
  });

  const limited = (more: object) => Object.assign(new Error("slow down"), more);
  for (const [title, error, retryAfterMs] of [
    ["a status", limited({ status: 429 }), 0],
    ["a status and headers", limited({ status: 429, headers: new Headers({ "retry-after": "2" }) }), 2_000],
    ["a status code", limited({ statusCode: 429, headers: { "retry-after": "3" } }), 3_000],
    ["a response", limited({ response: { status: 429, headers: { "retry-after": "soon" } } }), 0],
  ] as const)
    it(`is answered as busy when its provider answered 429, detected by ${title} of the error`, async () => {
      const { worker, host, settle, link } = stage();
      worker.handle("stock.reserve", () => {
        throw error;
      });
      await link();
      host.send({ assignments: [assignOf(1)] });
      await settle();
      assert.deepEqual(host.results[0]?.outcome, {
        $case: "busy",
        value: {
          retryAfterMs,
          message: "slow down",
          capabilities: retryAfterMs > 0 ? ["stock.reserve"] : [],
        },
      });
    });

  it("with an output of 5 MB stores it, and its result refers to it", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => "x".repeat(5_000_000));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const outcome = host.results[0]?.outcome;
    const body = outcome?.$case === "outputPayload" ? outcome.value.body : undefined;
    assert.ok(body?.$case === "blob");
    const { sha256, size } = body.value;
    const read = await readAll(host.files.read({ namespace: "", sha256, bytes: size }));
    assert.equal(read.length, 5_000_002);
    assert.ok(host.stream.raw.every(({ length }) => length < 10_000));
  });

  it("with an output that is not JSON fails with the path", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => ({ items: [{ price: 1 }, { price: Number.NaN }] }));
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    const outcome = host.results[0]?.outcome;
    assert.ok(outcome?.$case === "failed");
    assert.equal(
      outcome.value.message,
      "The output of `stock.reserve` is not JSON: NaN at output.items[1].price. Return plain data.",
    );
  });

  it("for a number that was not agreed on, or with an input that is no JSON, fails without a handler", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", () => assert.fail("not to be called"));
    await link();
    const broken = { $case: "inlineInput" as const, value: new TextEncoder().encode("{") };
    host.send({ assignments: [assignOf(1, { capability: 9 }), assignOf(2, { input: broken })] });
    await settle();
    assert.deepEqual(printResults(host.results), [
      "1: failed sdk.unknown_capability",
      "2: failed sdk.input_malformed",
    ]);
  });

  it("reads an input from the blob store if it is too large for a frame", async () => {
    const { worker, host, settle, link } = stage();
    worker.handle("stock.reserve", (input) => input);
    await link();
    const content = new TextEncoder().encode(JSON.stringify({ large: true }));
    const { sha256, size } = await host.files.write("", partsOf(content));
    const blobOf = (hash: Uint8Array, size: number) => ({
      $case: "inputPayload" as const,
      value: {
        body: { $case: "blob" as const, value: { sha256: hash, size } },
        mediaType: "",
      },
    });
    host.send({
      assignments: [
        assignOf(1, { input: blobOf(sha256, size) }),
        assignOf(2, { input: blobOf(new Uint8Array(32).fill(8), 2_000_000) }),
        assignOf(3, { input: blobOf(sha256, 1e12) }),
      ],
    });
    await settle();
    assert.deepEqual(printResults(host.results).toSorted(), [
      '1: {"large":true}',
      "2: failed sdk.data_unreadable",
      "3: failed sdk.data_unreadable",
    ]);
    const failures = host.results.flatMap(({ outcome }) =>
      outcome?.$case === "failed" ? [outcome.value] : [],
    );
    assert.equal(
      failures.find(({ message }) => message.includes("080808"))?.message,
      "The stored value 080808080808 of 2000000 bytes cannot be read: it is not in the blob store. Restore the blob store and retry the run, or reset the run to before the task that produced the value.",
    );
    assert.deepEqual(
      failures.map(({ retry }) => retry),
      [RetryClass.RETRY_CLASS_NEVER, RetryClass.RETRY_CLASS_NEVER],
    );
    assert.equal(host.credit, 7, "every slot is free");
  });

  it("beyond the slots is answered as busy", async () => {
    const { worker, host, settle, link } = stage({ slots: 1 });
    const gate = latch();
    worker.handle("stock.reserve", () => gate.opened);
    await link();
    host.send({ assignments: [assignOf(1), assignOf(2)] });
    await settle();
    assert.deepEqual(printResults(host.results), ["2: busy"]);
    gate.open();
    await settle();
    assert.deepEqual(printResults(host.results), ["2: busy", "1: null"]);
  });
});
