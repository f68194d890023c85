import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "../testing/arena.ts";

function listOf(arena: Arena): string[] {
  return arena.pool
    .offered()
    .map(({ capability: { name, version }, agents }) => `${name}@${version} ${agents}`);
}

describe("the capabilities of a pool", () => {
  it("count the agents that offer each version, and go with the last of them", () => {
    const arena = new Arena();
    arena.agent("a", { capabilities: ["work@1.0.0", "pay@2.0.0"] });
    arena.agent("b", { capabilities: ["work@1.0.0"], labels: { zone: "eu" } });
    arena.agent("c", { capabilities: ["work@1.1.0"] });
    assert.deepEqual(listOf(arena).sort(), ["pay@2.0.0 1", "work@1.0.0 2", "work@1.1.0 1"]);
    arena.pool.remove("a", "", 0, arena.nowMs);
    assert.deepEqual(listOf(arena).sort(), ["work@1.0.0 1", "work@1.1.0 1"]);
    for (const agentId of ["b", "c"]) arena.pool.remove(agentId, "", 0, arena.nowMs);
    assert.deepEqual(listOf(arena), []);
  });

  it("count agents that have paused them", () => {
    const arena = new Arena();
    const agent = arena.agent("a", { capabilities: ["work@1.0.0", "pay@2.0.0"] });
    arena.agent("b", { capabilities: ["work@1.0.0"] });
    arena.sender().offer(1, { capability: "pay" });
    arena.turn();
    agent.busy(1, 5_000, ["work", "pay"]);
    arena.turn();
    assert.deepEqual(listOf(arena).sort(), ["pay@2.0.0 1", "work@1.0.0 2"]);
    const { capabilities, queued } = arena.pool.status(arena.nowMs);
    assert.equal(queued, 1);
    assert.deepEqual(capabilities.map((each) => `${each.capability}@${each.version} ${each.queued}`).sort(), [
      "pay@2.0.0 1",
      "work@1.0.0 0",
    ]);
  });

  it("follow an agent that sends `hello` again with another offering", () => {
    const arena = new Arena();
    arena.agent("a", { capabilities: ["work@1.0.0"] });
    arena.agent("a", { capabilities: ["work@2.0.0"], incarnation: "02" });
    assert.deepEqual(listOf(arena), ["work@2.0.0 1"]);
  });

  it("notify when agents join, change or leave, and never for tasks", () => {
    let notifications = 0;
    const arena = new Arena({}, 1, undefined, () => notifications++);
    const agent = arena.agent("a", { capabilities: ["work@1.0.0"] });
    assert.equal(notifications, 1);
    const sender = arena.sender();
    for (const number of [1, 2, 3]) {
      sender.offer(number);
      arena.turn();
      agent.sendResult(number);
      arena.turn();
    }
    assert.equal(notifications, 1);
    agent.sendFrame({ offering: { capabilities: [{ name: "pay", version: "1.0.0" }], slots: 1 } });
    arena.turn();
    assert.equal(notifications, 2);
    arena.pool.remove("a", "", 0, arena.nowMs);
    assert.equal(notifications, 3);
  });
});
