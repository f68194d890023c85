import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena, numberOf, tokenOf } from "../testing/arena.ts";

/** Returns a pool that has just moved here: agents report work that no sender has offered yet. */
function moved(): Arena {
  return new Arena({ claimMs: 30_000, leaseMs: 100_000, suspectMs: 90_000 });
}

describe("a pool that has just moved", () => {
  it("lets agents continue their tasks, and accepts results that arrived before the offer", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 3, running: [tokenOf(1), tokenOf(2)] });
    assert.deepEqual(agent.joined?.unwanted, []);
    assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 1);
    agent.sendResult(2);
    const sender = arena.sender();
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3, 4]);
    assert.deepEqual(sender.results, [[2, "inlineOutput"]]);
    agent.sendResult(1);
    sender.durable(1);
    arena.turn();
    sender.durable(2);
    arena.turn();
    assert.equal(agent.durable, 2);
  });

  it("counts running work against its limits before anything limited starts", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 9, running: [tokenOf(1)] });
    const limits = [{ key: "k", maxConcurrent: 1 }];
    const late = arena.sender("late");
    const early = arena.sender("early");
    early.offer(2, {}, { limits });
    early.offer(3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3]);
    late.offer(1, {}, { limits });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3]);
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3, 2]);
  });

  it("frees the slot of a finished task that was never offered, and then starts limited tasks", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    const sender = arena.sender();
    sender.offer([3, 4, 5], {}, { limits: [{ key: "k", maxConcurrent: 9 }] });
    agent.sendResult(1);
    // The repeated result takes no slot, and gives none back.
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual([agent.taskNumbers, arena.pool.agent("a", arena.nowMs)?.freeSlots], [[], 1]);
    agent.sendResult(2);
    arena.turn();
    assert.deepEqual([agent.taskNumbers, arena.pool.agent("a", arena.nowMs)?.freeSlots], [[3, 4], 0]);
    arena.pass(30_001);
    assert.deepEqual([agent.cancelled, agent.durable], [[], 3]);
    agent.sendResult(3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3, 4, 5]);
  });

  it("reports an invalid token as unwanted", () => {
    const arena = moved();
    const short = new Uint8Array(3);
    const agent = arena.agent("a", { running: [short, tokenOf(1)] });
    assert.deepEqual(agent.joined?.unwanted, [short]);
  });

  it("ends tokens that were not offered in time, and continues", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    agent.sendResult(2);
    const sender = arena.sender();
    sender.offer(3, {}, { limits: [{ key: "k", maxConcurrent: 1 }] });
    arena.pass(30_001);
    assert.deepEqual(agent.cancelled, [1]);
    assert.equal(agent.durable, 1);
    assert.deepEqual(agent.taskNumbers, [3]);
    const later = arena.agent("b", { running: [tokenOf(9)] });
    assert.deepEqual(later.joined?.unwanted, [tokenOf(9)]);
  });

  it("asks senders about tokens that were not offered, and drops cancelled tokens with or without a result", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 4, running: [1, 2, 3, 4].map(tokenOf) });
    agent.sendResult(2);
    const sender = arena.sender();
    const unclaimed = () =>
      sender.received.unclaimed.map(({ token }) => numberOf(token)).sort((a, b) => a - b);
    sender.offer(3);
    arena.pass(499);
    assert.deepEqual(unclaimed(), []);
    arena.pass(1);
    assert.deepEqual(unclaimed(), [1, 2, 4]);
    assert.deepEqual(sender.received.agents, [{ number: 1, agentId: "a" }]);
    sender.request({ cancels: [1, 2].map((number) => ({ token: tokenOf(number), reason: "over" })) });
    arena.turn();
    assert.deepEqual([agent.cancelled, agent.durable], [[1], 1]);
    // Senders are asked again about unknown tokens, at growing intervals. Later senders are asked as well.
    sender.received.unclaimed.length = 0;
    const later = arena.sender("workflow-2");
    arena.pass(20_000);
    assert.deepEqual([unclaimed(), later.received.unclaimed.length], [[4, 4, 4, 4, 4, 4], 6]);
    assert.deepEqual([agent.cancelled, agent.durable], [[1], 1]);
  });

  it("forgets a token when its agent leaves or drops it, or its sender cancels it", () => {
    const arena = moved();
    const a = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    const sender = arena.sender();
    sender.request({ cancels: [{ token: tokenOf(1), reason: "over" }] });
    arena.turn();
    assert.deepEqual(a.cancelled, [1]);
    const rejoined = arena.agent("a", { slots: 2 });
    arena.turn();
    assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 2);
    rejoined.link.terminate("gone", arena.nowMs);
    const b = arena.agent("b");
    sender.offer(2);
    arena.turn();
    assert.deepEqual(b.taskNumbers, [2]);
  });
});
