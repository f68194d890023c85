import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { Arena, tokenOf } from "../testing/arena.ts";

const rate = { count: 2, perMs: 1_000, burst: 1 };

describe("a pool that resumes after a pause", () => {
  it("starts tasks at the slow-start rate, explains why others wait, and then starts as many as possible", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    arena.pool.configure({ paused: true }, arena.nowMs);
    sender.offer([1, 2, 3, 4, 5, 6]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    arena.pool.configure({ paused: false, slowStart: { rate, untilMs: arena.nowMs + 1_200 } }, arena.nowMs);
    arena.turn();
    assert.equal(agent.taskNumbers.length, 1);
    const waits = arena.pool.explain(tokenOf(2), arena.nowMs)?.waits ?? [];
    assert.deepEqual(
      waits.slice(0, 1).map(({ cause, message }) => [cause, message]),
      [[WaitCause.WAIT_CAUSE_SLOWED_DOWN, "the pool default starts slowly after a pause: 2 per 1 s"]],
    );
    arena.pass(500);
    assert.equal(agent.taskNumbers.length, 2);
    arena.pass(500);
    assert.equal(agent.taskNumbers.length, 3);
    arena.pass(200);
    assert.equal(agent.taskNumbers.length, 6);
    assert.equal(arena.pool.nextDueMs > arena.nowMs, true);
  });
});

describe("a pool that admits certain namespaces", () => {
  it("denies the tasks of others, for good", () => {
    const arena = new Arena({ admits: new Set(["default", "friends"]) });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    sender.offer([1], { namespace: "friends" });
    sender.offer([2], { namespace: "strangers" });
    arena.turn();
    assert.equal(agent.taskNumbers.length, 1);
    const [returned] = sender.received.returned;
    assert.equal(returned?.reason, ReturnReason.RETURN_REASON_DENIED);
    assert.match(
      returned?.error?.message ?? "",
      /Pool `default` does not admit tasks of namespace `strangers`/,
    );
  });
});
