import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitCause } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";
import { Arena, tokenOf } from "../testing/arena.ts";

/** Returns an agent of one slot whose tasks take a second each, as the pool has learned. */
function known() {
  const arena = new Arena();
  const sender = arena.sender();
  const agent = arena.agent("a");
  for (let number = 100; number < 130; number++) {
    sender.offer(number);
    arena.turn();
    arena.nowMs += 1_000;
    agent.sendFrame({
      results: [
        {
          token: tokenOf(number),
          outcome: { $case: "inlineOutput", value: new Uint8Array() },
          runMs: 1_000,
        },
      ],
    });
    arena.turn();
  }
  const inMs = (number: number): number | undefined => {
    const time = arena.pool.explain(tokenOf(number), arena.nowMs)?.expectedStartTime;
    return time === undefined ? undefined : Math.round(fromTimestamp(time) - arena.nowMs);
  };
  const about = (number: number, ms: number) => {
    const found = inMs(number) ?? Number.NaN;
    assert.ok(Math.abs(found - ms) <= ms * 0.2, `expected about ${ms} ms, got ${found}`);
  };
  return { arena, sender, agent, inMs, about };
}

describe("when a task is expected to start", () => {
  it("follows from the duration of attempts, their elapsed time, and the number of tasks ahead", () => {
    const { arena, sender, about } = known();
    sender.offer([1, 2, 3]);
    arena.turn();
    arena.nowMs += 400;
    about(2, 600);
    about(3, 1_600);
    const [second, third] = arena.pool.queued(9, arena.nowMs);
    assert.ok(second?.expectedStartTime !== undefined && third?.expectedStartTime !== undefined);
  });

  it("is not known without learned durations, without an able agent, or if a user has to act", () => {
    const { arena, sender, inMs } = known();
    sender.offer([1, 2]);
    sender.offer(3, { capability: "other" });
    arena.turn();
    assert.equal(inMs(3), undefined);
    arena.pool.configure({ paused: true }, arena.nowMs);
    assert.equal(inMs(2), undefined);
    const untaught = new Arena();
    untaught.agent("a");
    untaught.sender().offer([1, 2]);
    untaught.turn();
    assert.equal(untaught.pool.explain(tokenOf(2), untaught.nowMs)?.expectedStartTime, undefined);
  });

  it("includes the rate of its limit, and earlier waits are counted apart", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    const rate = { count: 1, perMs: 1_000, burst: 1 };
    arena.pool.setLimit({ key: "api", maxConcurrent: 0, rate, description: "" }, arena.nowMs);
    sender.offer([1, 2], {}, { limits: [{ key: "api" }] });
    arena.turn();
    arena.pass(300);
    const waiting = arena.pool.explain(tokenOf(2), arena.nowMs);
    const [wait] = waiting?.waits ?? [];
    assert.deepEqual([wait?.cause, wait?.waitedMs, wait?.present], [WaitCause.WAIT_CAUSE_LIMIT, 300, true]);
    const startMs = waiting?.expectedStartTime && fromTimestamp(waiting.expectedStartTime);
    assert.equal(startMs, arena.nowMs + 700);
    arena.pass(700);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    const [past] = arena.pool.explain(tokenOf(2), arena.nowMs)?.waits ?? [];
    assert.deepEqual(
      [past?.cause, past?.subject, past?.waitedMs, past?.present],
      [WaitCause.WAIT_CAUSE_LIMIT, "api", 1_000, false],
    );
  });

  it("names a command that helps, if there is one", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 9 });
    sender.offer([1, 2], {}, { limits: [{ key: "api", maxConcurrent: 1 }] });
    arena.turn();
    const { remedies = [], waits = [] } = arena.pool.explain(tokenOf(2), arena.nowMs) ?? {};
    assert.equal(remedies[0]?.command, "tutti pool limit default api --concurrency 2");
    assert.deepEqual(
      waits[0]?.holders.map(({ task }) => task),
      ["t1"],
    );
  });
});
