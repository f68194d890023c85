import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "../testing/arena.ts";

const noLabels = { equals: {}, exists: [], absent: [] };

describe("where a task goes", () => {
  it("is the newest version of the capability within its range", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const both = arena.agent("both", { does: ["work@1.9.0", "work@2.3.0", "work@2.10.0"], slots: 9 });
    sender.offer(1, { versionRange: "^1" });
    sender.offer(2, { versionRange: "^2" });
    sender.offer(3);
    sender.offer(4, { versionRange: "^3" });
    arena.turn();
    const versions = both.assigned.map(({ capability }) => {
      const numbers = Object.entries(both.joined?.capabilityNumbers ?? {});
      return numbers.find(([, number]) => number === capability)?.[0];
    });
    assert.deepEqual(both.given, [1, 2, 3]);
    assert.deepEqual(versions, ["work@1.9.0", "work@2.10.0", "work@2.10.0"]);
  });

  const selectors = [
    { require: { ...noLabels, equals: { zone: "east" } }, fits: ["east"] },
    { require: { ...noLabels, exists: ["zone"] }, fits: ["east", "west"] },
    { require: { ...noLabels, absent: ["zone"] }, fits: ["none"] },
    { require: { ...noLabels, absent: ["zone"], equals: { zone: "east" } }, fits: [] },
  ];
  for (const { require, fits } of selectors) {
    it(`is among those with the labels ${JSON.stringify(require)}: ${fits.join(", ")}`, () => {
      const arena = new Arena();
      const sender = arena.sender();
      const agents = [
        arena.agent("east", { labels: { zone: "east", other: "x" } }),
        arena.agent("west", { labels: { zone: "west" } }),
        arena.agent("none"),
      ];
      sender.offer([1, 2, 3, 4], { placement: { require } });
      arena.turn();
      const used = agents.filter(({ given }) => given.length > 0).map(({ link }) => link.agentId);
      assert.deepEqual(used, fits);
    });
  }

  it("is one with preferred labels while it has room, then another", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const plain = arena.agent("plain", { slots: 4 });
    const preferred = arena.agent("preferred", { slots: 2, labels: { disk: "fast" } });
    sender.offer([1, 2, 3], { placement: { prefer: { ...noLabels, equals: { disk: "fast" } } } });
    arena.turn();
    assert.deepEqual([preferred.given, plain.given], [[1, 2], [3]]);
  });

  it("has the resources that it needs, of which others may be in use elsewhere", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { gpu: 4 } });
    sender.offer([1, 2, 3], { resources: { gpu: 2 } }, { waitedMs: 1_000 });
    sender.offer([4], { resources: { gpu: 1 } });
    arena.turn();
    assert.deepEqual(agent.given, [1, 2]);
    agent.say({ heartbeat: { freeResources: { gpu: -0 } } });
    agent.answer(1);
    arena.turn();
    assert.deepEqual(agent.given, [1, 2, 3]);
    agent.say({ heartbeat: { freeResources: { gpu: 0 } } });
    agent.answer(2);
    agent.answer(3);
    arena.turn();
    assert.deepEqual(agent.given, [1, 2, 3, 4]);
  });

  it("is left to others while another pool uses the agent's resources", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9, resources: { gpu: 4 } });
    agent.say({ heartbeat: { freeResources: { gpu: 1 } } });
    sender.offer(1, { resources: { gpu: 2 } });
    arena.turn();
    assert.deepEqual(agent.given, []);
    agent.say({ heartbeat: { freeResources: { gpu: 3 } } });
    arena.turn();
    assert.deepEqual(agent.given, [1]);
  });

  it("is one of the agents that are named, and none of those that are not to be", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const [a, b, c] = ["a", "b", "c"].map((id) => arena.agent(id, { slots: 9 }));
    sender.offer([1, 2], {}, { onlyAgents: ["b"] });
    sender.offer([3, 4], {}, { notAgents: ["a", "b"] });
    sender.offer(5, {}, { onlyAgents: ["away"] });
    arena.turn();
    assert.deepEqual([a?.given, b?.given, c?.given], [[], [1, 2], [3, 4]]);
    const away = arena.agent("away");
    arena.turn();
    assert.deepEqual(away.given, [5]);
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
    assert.deepEqual([a.given, b.given], [[1], [3]]);
    a.answer(1);
    arena.turn();
    assert.deepEqual(a.given, [1, 2]);
    assert.equal(a.assigned[1]?.contextKey, "customer");
    sender.offer(4, {}, { stickyKey: "customer" });
    arena.turn();
    assert.deepEqual(b.given, [3]);
    arena.pass(3_001);
    assert.deepEqual(b.given, [3, 4]);
  });

  it("is another one at once when the agent of its sticky key is held, drains or goes", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const a = arena.agent("a");
    sender.offer(1, {}, { stickyKey: "k" });
    arena.turn();
    sender.offer(2, {}, { stickyKey: "k" });
    arena.turn();
    const b = arena.agent("b");
    arena.turn();
    assert.deepEqual(b.given, []);
    a.say({ drain: { reason: "over" } });
    arena.turn();
    assert.deepEqual(b.given, [2]);
  });

  it("is an agent that holds its context, if one has room", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const cold = arena.agent("cold", { slots: 9 });
    const warm = arena.agent("warm", { slots: 2, contextKeys: ["repo"] });
    sender.offer([1, 2, 3], { placement: { contextKey: "repo" } });
    arena.turn();
    assert.deepEqual([warm.given, cold.given], [[1, 2], [3]]);
  });

  it("is the agent that is named as context, if it has room", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const other = arena.agent("other", { slots: 9 });
    const meant = arena.agent("meant", { slots: 1 });
    sender.offer([1, 2], { placement: { contextKey: "agent/meant" } });
    sender.offer(3, { placement: { contextKey: "agent/nobody" } });
    arena.turn();
    assert.deepEqual([meant.given, other.given], [[1], [2, 3]]);
  });

  it("changes with the offering of an agent, and the numbers of new capabilities are reported", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1, { capability: "other" });
    arena.turn();
    assert.deepEqual(agent.given, []);
    const capabilities = [
      { name: "work", version: "1.0.0" },
      { name: "other", version: "1.0.0" },
    ];
    agent.say({ offering: { capabilities, slots: 2 } });
    arena.turn();
    assert.deepEqual(agent.given, [1]);
    const told = agent.frames.find(({ capabilityNumbers }) => capabilityNumbers !== undefined);
    assert.deepEqual(told?.capabilityNumbers?.numbers, { "other@1.0.0": agent.assigned[0]?.capability });
  });
});
