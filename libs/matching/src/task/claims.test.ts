import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena, numberOf, tokenOf } from "../testing/arena.ts";

/** Returns a pool that has just moved here: agents report work that no sender has offered yet. */
function moved(): Arena {
  return new Arena({ claimMs: 30_000, leaseMs: 100_000, suspectMs: 90_000 });
}

describe("a pool that has just moved", () => {
  it("lets agents continue their tasks, and takes results from meanwhile", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 3, running: [tokenOf(1), tokenOf(2)] });
    assert.deepEqual(agent.joined?.unwanted, []);
    assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 1);
    agent.answer(2);
    const sender = arena.sender();
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    assert.deepEqual(agent.given, [3, 4]);
    assert.deepEqual(sender.results, [[2, "inlineOutput"]]);
    agent.answer(1);
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
    assert.deepEqual(agent.given, [3]);
    late.offer(1, {}, { limits });
    arena.turn();
    assert.deepEqual(agent.given, [3]);
    agent.answer(1);
    arena.turn();
    assert.deepEqual(agent.given, [3, 2]);
  });

  it("gives an agent work in place of a finished token that may never be offered, and starts limited work", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    const sender = arena.sender();
    sender.offer([3, 4, 5], {}, { limits: [{ key: "k", maxConcurrent: 9 }] });
    agent.answer(1);
    // The repeated result takes no slot, and gives none back.
    agent.answer(1);
    arena.turn();
    assert.deepEqual([agent.given, arena.pool.agent("a", arena.nowMs)?.freeSlots], [[], 1]);
    agent.answer(2);
    arena.turn();
    assert.deepEqual([agent.given, arena.pool.agent("a", arena.nowMs)?.freeSlots], [[3, 4], 0]);
    arena.pass(30_001);
    assert.deepEqual([agent.cancelled, agent.durable], [[], 3]);
    agent.answer(3);
    arena.turn();
    assert.deepEqual(agent.given, [3, 4, 5]);
  });

  it("keeps nothing that is not a token", () => {
    const arena = moved();
    const short = new Uint8Array(3);
    const agent = arena.agent("a", { running: [short, tokenOf(1)] });
    assert.deepEqual(agent.joined?.unwanted, [short]);
  });

  it("ends tokens that were not offered in time, and continues", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    agent.answer(2);
    const sender = arena.sender();
    sender.offer(3, {}, { limits: [{ key: "k", maxConcurrent: 1 }] });
    arena.pass(30_001);
    assert.deepEqual(agent.cancelled, [1]);
    assert.equal(agent.durable, 1);
    assert.deepEqual(agent.given, [3]);
    const later = arena.agent("b", { running: [tokenOf(9)] });
    assert.deepEqual(later.joined?.unwanted, [tokenOf(9)]);
  });

  it("asks senders about tokens that were not offered, and drops unwanted ones, with or without a result", () => {
    const arena = moved();
    const agent = arena.agent("a", { slots: 4, running: [1, 2, 3, 4].map(tokenOf) });
    agent.answer(2);
    const sender = arena.sender();
    const asked = () => sender.told.unclaimed.map(({ token }) => numberOf(token)).sort((a, b) => a - b);
    sender.offer(3);
    arena.pass(499);
    assert.deepEqual(asked(), []);
    arena.pass(1);
    assert.deepEqual(asked(), [1, 2, 4]);
    assert.deepEqual(sender.told.agents, [{ number: 1, agentId: "a" }]);
    sender.request({ cancels: [1, 2].map((number) => ({ token: tokenOf(number), reason: "over" })) });
    arena.turn();
    assert.deepEqual([agent.cancelled, agent.durable], [[1], 1]);
    // Senders are asked again about unknown tokens, at growing intervals. Later senders are asked as well.
    sender.told.unclaimed.length = 0;
    const later = arena.sender("workflow-2");
    arena.pass(20_000);
    assert.deepEqual([asked(), later.told.unclaimed.length], [[4, 4, 4, 4, 4, 4], 6]);
    assert.deepEqual([agent.cancelled, agent.durable], [[1], 1]);
  });

  it("forgets the token of an agent when the agent leaves, drops it, or its sender cancels it", () => {
    const arena = moved();
    const a = arena.agent("a", { slots: 2, running: [tokenOf(1), tokenOf(2)] });
    const sender = arena.sender();
    sender.request({ cancels: [{ token: tokenOf(1), reason: "over" }] });
    arena.turn();
    assert.deepEqual(a.cancelled, [1]);
    const again = arena.agent("a", { slots: 2 });
    arena.turn();
    assert.equal(arena.pool.agent("a", arena.nowMs)?.freeSlots, 2);
    again.link.end("gone", arena.nowMs);
    const b = arena.agent("b");
    sender.offer(2);
    arena.turn();
    assert.deepEqual(b.given, [2]);
  });
});
