import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assignOf, bytesOf, printResults, stage } from "./memory-host.fixture.ts";

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
    assert.deepEqual([printResults(host.results), reasons], [["1: stopped"], ["sdk.cancelled"]]);
  });

  it("by a cancellation is stopped after the grace period if its handler does not react. Its slot remains occupied", async () => {
    const { host, settle, link, pass, logger } = slowWorker(false);
    await link();
    host.send({ assignments: [assignOf(1)] });
    host.send({ cancels: [{ token: bytesOf(1), reason: "not needed", graceMs: 1_000 }] });
    await pass(999);
    assert.deepEqual(printResults(host.results), []);
    await pass(1);
    assert.deepEqual(printResults(host.results), ["1: stopped"]);
    assert.equal(host.credit, 4);
    assert.equal(logger.messages("warn").length, 1);
    await settle();
  });

  it("after the grace period frees its slot, and the log says so", async () => {
    const { worker, host, settle, link, pass, logger } = stage();
    const removed = Promise.withResolvers<void>();
    worker.handle("container", () => removed.promise);
    await link();
    host.send({ assignments: [assignOf(1)] });
    host.send({ cancels: [{ token: bytesOf(1), reason: "not needed", graceMs: 1_000 }] });
    await pass(1_000);
    assert.deepEqual(logger.messages("warn"), [
      "handler did not end in its grace period. Its slot is in use until it ends",
    ]);
    const late = "handler ended after its grace period. Its slot is free";
    assert.deepEqual([host.credit, logger.messages("info").includes(late)], [4, false]);
    removed.resolve();
    await settle();
    assert.deepEqual([host.credit, logger.messages("info").includes(late)], [5, true]);
    assert.deepEqual(printResults(host.results), ["1: stopped"]);
  });

  it("by a cancellation without grace is not answered", async () => {
    const { host, settle, link, pass } = slowWorker(true);
    await link();
    host.send({ assignments: [assignOf(1)] });
    await settle();
    host.send({ cancels: [{ token: bytesOf(1), reason: "", graceMs: 0 }] });
    await pass(20_000);
    assert.deepEqual(printResults(host.results), []);
    assert.equal(host.credit, 5);
  });

  it("by its timeout fails. An extension moves that", async () => {
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
    assert.deepEqual(printResults(host.results), ["1: failed sdk.timed_out"]);
    await pass(1_000);
    assert.deepEqual(printResults(host.results), ["1: failed sdk.timed_out", "2: failed sdk.timed_out"]);
    await pass(7_000);
    assert.equal(host.results.length, 3);
    await settle();
  });

  it("by its timeout fails five seconds later, when its handler does not listen", async () => {
    const { host, link, pass } = slowWorker(false);
    await link();
    host.send({ assignments: [assignOf(1, { runMs: 2_000 })] });
    await pass(6_999);
    assert.deepEqual(printResults(host.results), []);
    await pass(1);
    assert.deepEqual(printResults(host.results), ["1: failed sdk.timed_out"]);
  });
});
