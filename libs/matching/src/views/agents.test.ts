import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena, tokenOf } from "../testing/arena.ts";

describe("the view of an agent", () => {
  it("has what its attempts used and its relative speed by capability", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agents = [arena.agent("fast"), arena.agent("slow")];
    for (let number = 1; number <= 40; number++) {
      sender.offer(number);
      arena.turn();
      const agent = agents.find(({ taskNumbers }) => taskNumbers.includes(number));
      const runMs = agent === agents[0] ? 100 : 400;
      arena.nowMs += runMs;
      const outcome = { $case: "inlineOutput" as const, value: new Uint8Array() };
      const used = { tokens: 30, money: 0.5, timeMs: 0 };
      agent?.sendFrame({
        results: [{ token: tokenOf(number), outcome, runMs, used, modelCalls: undefined }],
      });
      arena.turn();
      sender.durable(number);
    }
    const [fast, slow] = arena.pool
      .agents(arena.nowMs)
      .toSorted((a, b) => a.agentId.localeCompare(b.agentId));
    assert.ok(fast?.done !== undefined && slow?.done !== undefined);
    for (const { completed, used } of [fast.done, slow.done])
      assert.deepEqual([used?.tokens, used?.money], [completed * 30, completed * 0.5]);
    assert.equal(fast.done.completed + slow.done.completed, 40);
    const [faster, slower] = [fast, slow].map(({ speeds: [speed] }) => {
      // Older attempts count less.
      assert.ok(
        speed !== undefined && speed.samples > 10 && speed.samples <= 40,
        `${speed?.samples} samples`,
      );
      return speed.factor;
    });
    assert.ok(faster !== undefined && slower !== undefined && faster / slower > 2, `${faster} of ${slower}`);
  });

  it("has no speed before the first attempt", () => {
    const arena = new Arena();
    arena.agent("new");
    assert.deepEqual(arena.pool.agents(arena.nowMs)[0]?.speeds, []);
  });
});
