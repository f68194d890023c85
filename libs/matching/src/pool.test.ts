import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "./testing/arena.ts";

describe("a pool", () => {
  it("assigns a task to an agent, sends the result to the sender, and confirms durability to the agent", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(7, { labels: { team: "blue" } }, { labels: [{ name: "run", value: "r" }] });
    assert.equal(arena.turn(), 1);
    const [assign] = agent.assigned;
    assert.deepEqual(agent.taskNumbers, [7]);
    assert.equal(assign?.capability, agent.joined?.capabilityNumbers["work@1.0.0"]);
    assert.deepEqual(
      assign?.labels.map(({ name, value }) => `${name}=${value}`),
      ["team=blue", "run=r"],
    );
    agent.sendResult(7);
    arena.turn();
    assert.deepEqual(sender.results, [[7, "inlineOutput"]]);
    assert.deepEqual(sender.received.resultAgents, [1]);
    assert.deepEqual(sender.received.agents, [{ number: 1, agentId: "a" }]);
    assert.equal(agent.durable, 0);
    sender.durable(1);
    arena.turn();
    assert.equal(agent.durable, 1);
  });

  it("sends a sender its window once, and again when it changes", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.turn();
    arena.turn();
    assert.deepEqual(sender.received.windows, [{ pool: 1, window: 1_024, epoch: 3 }]);
    arena.pool.configure({ window: 10 }, arena.nowMs);
    arena.turn();
    assert.deepEqual(sender.received.windows.at(-1), { pool: 1, window: 10, epoch: 3 });
  });

  it("refuses settings that are out of bounds, and names them", () => {
    assert.throws(() => new Arena({ ageingMs: 0 }), /ageingMs: expected 1 to 86400000, got 0/);
    const arena = new Arena();
    assert.match(
      arena.pool.configure({ suspectMs: 100 }, arena.nowMs)?.message ?? "",
      /heartbeatMs < suspectMs/,
    );
    assert.match(arena.pool.configure({ weights: { a: 0 } }, arena.nowMs)?.message ?? "", /weight of a/);
  });

  it("assigns nothing while it is paused", () => {
    const arena = new Arena({ paused: true });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    arena.pool.configure({ paused: false }, arena.nowMs);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
  });
});
