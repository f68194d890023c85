import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena, tokenOf } from "../testing/arena.ts";

const output = { $case: "inlineOutput" as const, value: new Uint8Array([1]) };

describe("the reported time of an attempt", () => {
  for (const [title, reportedMs, runMs] of [
    ["counts", 80, 80],
    ["counts up to the time since the assignment", 36_000_000, 100],
    ["counts up to the time since the assignment", 1e300, 100],
    ["counts up to the time since the assignment", Number.POSITIVE_INFINITY, 100],
    ["is not measured if it is no time", -5, 0],
    ["is not measured if it is no time", Number.NaN, 0],
  ] as const)
    it(`${title}: ${reportedMs} ms of 100 ms are ${runMs} ms`, () => {
      const arena = new Arena();
      const sender = arena.sender();
      const agent = arena.agent("a");
      sender.offer(1);
      arena.turn();
      arena.pass(100);
      agent.sendFrame({ results: [{ token: tokenOf(1), outcome: output, runMs: reportedMs }] });
      arena.turn();
      const sent = sender.received.results.map((result) => result.runMs);
      const [row] = arena.pool.placedAttempts(0, 10, arena.nowMs).attempts;
      assert.deepEqual([sent, row?.result?.runMs], [[runMs], runMs]);
    });

  it("of an attempt from an earlier owner of the pool counts from the first wait of the task", () => {
    const arena = new Arena({ claimMs: 30_000, leaseMs: 100_000, suspectMs: 90_000 });
    const agent = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    agent.sendFrame({ results: [{ token: tokenOf(2), outcome: output, runMs: 1e9 }] });
    const sender = arena.sender();
    sender.offer([1, 2], {}, { waitedMs: 7_000 });
    arena.pass(100);
    agent.sendFrame({ results: [{ token: tokenOf(1), outcome: output, runMs: 6_500 }] });
    arena.turn();
    assert.deepEqual(
      sender.received.results.map(({ runMs }) => runMs),
      [7_000, 6_500],
    );
  });
});
