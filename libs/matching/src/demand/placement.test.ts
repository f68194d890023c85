import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "../testing/arena.ts";

const noLabels = { equals: {}, exists: [], absent: [] };

describe("the placement of a task", () => {
  it("is the newest version of the capability within its range", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const both = arena.agent("both", { capabilities: ["work@1.9.0", "work@2.3.0", "work@2.10.0"], slots: 9 });
    sender.offer(1, { versionRange: "^1" });
    sender.offer(2, { versionRange: "^2" });
    sender.offer(3);
    sender.offer(4, { versionRange: "^3" });
    arena.turn();
    const versions = both.assigned.map(({ capability }) => {
      const numbers = Object.entries(both.joined?.capabilityNumbers ?? {});
      return numbers.find(([, number]) => number === capability)?.[0];
    });
    assert.deepEqual(both.taskNumbers, [1, 2, 3]);
    assert.deepEqual(versions, ["work@1.9.0", "work@2.10.0", "work@2.10.0"]);
  });

  const selectors = [
    { require: { ...noLabels, equals: { zone: "east" } }, fits: ["east"] },
    { require: { ...noLabels, exists: ["zone"] }, fits: ["east", "west"] },
    { require: { ...noLabels, absent: ["zone"] }, fits: ["none"] },
    { require: { ...noLabels, absent: ["zone"], equals: { zone: "east" } }, fits: [] },
  ];
  for (const { require, fits } of selectors) {
    it(`is among the agents with the labels ${JSON.stringify(require)}: ${fits.join(", ")}`, () => {
      const arena = new Arena();
      const sender = arena.sender();
      const agents = [
        arena.agent("east", { labels: { zone: "east", other: "x" } }),
        arena.agent("west", { labels: { zone: "west" } }),
        arena.agent("none"),
      ];
      sender.offer([1, 2, 3, 4], { placement: { require } });
      arena.turn();
      const used = agents.filter(({ taskNumbers }) => taskNumbers.length > 0).map(({ link }) => link.agentId);
      assert.deepEqual(used, fits);
    });
  }

  it("is an agent with preferred labels while one has room, then another", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const plain = arena.agent("plain", { slots: 4 });
    const preferred = arena.agent("preferred", { slots: 2, labels: { disk: "fast" } });
    sender.offer([1, 2, 3], { placement: { prefer: { ...noLabels, equals: { disk: "fast" } } } });
    arena.turn();
    assert.deepEqual([preferred.taskNumbers, plain.taskNumbers], [[1, 2], [3]]);
  });

  it("requires free resources, and counts the use by this pool only once", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { gpu: 4 } });
    sender.offer([1, 2, 3], { resources: { gpu: 2 } }, { waitedMs: 1_000 });
    sender.offer([4], { resources: { gpu: 1 } });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    agent.sendFrame({ heartbeat: { freeResources: { gpu: -0 } } });
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
    agent.sendFrame({ heartbeat: { freeResources: { gpu: 0 } } });
    agent.sendResult(2);
    agent.sendResult(3);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
  });

  it("waits while another pool uses the agent's resources", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { gpu: 4 } });
    agent.sendFrame({ heartbeat: { freeResources: { gpu: 1 } } });
    sender.offer(1, { resources: { gpu: 2 } });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    agent.sendFrame({ heartbeat: { freeResources: { gpu: 3 } } });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
  });

  it("is one of the requested agents, and none of the excluded agents", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const [a, b, c] = ["a", "b", "c"].map((id) => arena.agent(id, { slots: 9 }));
    sender.offer([1, 2], {}, { onlyAgents: ["b"] });
    sender.offer([3, 4], {}, { notAgents: ["a", "b"] });
    sender.offer(5, {}, { onlyAgents: ["away"] });
    arena.turn();
    assert.deepEqual([a?.taskNumbers, b?.taskNumbers, c?.taskNumbers], [[], [1, 2], [3, 4]]);
    const away = arena.agent("away");
    arena.turn();
    assert.deepEqual(away.taskNumbers, [5]);
  });

  it("is the agent of its sticky key, for which it waits a while, then another", () => {
    const arena = new Arena({ stickyMs: 3_000 });
    const sender = arena.sender();
    const a = arena.agent("a");
    sender.offer(1, {}, { stickyKey: "customer" });
    arena.turn();
    const b = arena.agent("b", { slots: 9 });
    sender.offer(2, {}, { stickyKey: "customer" });
    sender.offer(3);
    arena.turn();
    assert.deepEqual([a.taskNumbers, b.taskNumbers], [[1], [3]]);
    a.sendResult(1);
    arena.turn();
    assert.deepEqual(a.taskNumbers, [1, 2]);
    assert.equal(a.assigned[1]?.contextKey, "customer");
    sender.offer(4, {}, { stickyKey: "customer" });
    arena.turn();
    assert.deepEqual(b.taskNumbers, [3]);
    arena.pass(3_001);
    assert.deepEqual(b.taskNumbers, [3, 4]);
  });

  it("is another agent at once if the agent of its sticky key drains", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const a = arena.agent("a");
    sender.offer(1, {}, { stickyKey: "k" });
    arena.turn();
    sender.offer(2, {}, { stickyKey: "k" });
    arena.turn();
    const b = arena.agent("b");
    arena.turn();
    assert.deepEqual(b.taskNumbers, []);
    a.sendFrame({ drain: { reason: "over" } });
    arena.turn();
    assert.deepEqual(b.taskNumbers, [2]);
  });

  it("is an agent that holds its context, if one has room", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const cold = arena.agent("cold", { slots: 9 });
    const warm = arena.agent("warm", { slots: 2, contextKeys: ["repo"] });
    sender.offer([1, 2, 3], { placement: { contextKey: "repo" } });
    arena.turn();
    assert.deepEqual([warm.taskNumbers, cold.taskNumbers], [[1, 2], [3]]);
  });

  it("is the agent that is named as context, if it has room", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const other = arena.agent("other", { slots: 9 });
    const meant = arena.agent("meant", { slots: 1 });
    sender.offer([1, 2], { placement: { contextKey: "agent/meant" } });
    sender.offer(3, { placement: { contextKey: "agent/nobody" } });
    arena.turn();
    assert.deepEqual([meant.taskNumbers, other.taskNumbers], [[1], [2, 3]]);
  });

  it("changes with the offering of an agent, and the numbers of new capabilities are reported", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1, { capability: "other" });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    const capabilities = [
      { name: "work", version: "1.0.0" },
      { name: "other", version: "1.0.0" },
    ];
    agent.sendFrame({ offering: { capabilities, slots: 2 } });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    const frame = agent.frames.find(({ capabilityNumbers }) => capabilityNumbers !== undefined);
    assert.deepEqual(frame?.capabilityNumbers?.numbers, { "other@1.0.0": agent.assigned[0]?.capability });
  });
});
