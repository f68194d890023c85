import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StrategyKind } from "@tutti/contracts/swarm/v1";
import { otherStrategies, strategyIn, strategyTextOf } from "../pool-message.ts";
import { Arena, tokenOf } from "../testing/arena.ts";
import { leastLoaded, strategyNamed, strategyNames } from "./strategies.ts";
import type { Strategy } from "./strategy.ts";

const resultOf = (number: number) => ({
  token: tokenOf(number),
  outcome: { $case: "inlineOutput" as const, value: new Uint8Array() },
});

describe("a strategy", () => {
  it("orders agents by rank, and can be changed while the pool works", () => {
    const inTurn: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };
    const arena = new Arena({ strategy: inTurn });
    const sender = arena.sender();
    const large = arena.agent("large", { slots: 100 });
    const small = arena.agent("small", { slots: 10 });
    sender.offer([1, 2, 3, 4, 5, 6]);
    arena.turn();
    assert.deepEqual(
      [large.taskNumbers, small.taskNumbers],
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
    );
    arena.pool.configure({ strategy: leastLoaded }, arena.nowMs);
    sender.offer([7, 8, 9]);
    arena.turn();
    assert.deepEqual(large.taskNumbers, [1, 3, 5, 7, 8, 9]);
  });

  it("judges the first few by the demand, if it does", () => {
    const byName: Strategy = {
      name: "by_name",
      rank: () => 0,
      judge: ({ agentId }, { definition }) => (agentId === definition ? 1 : 0),
    };
    const arena = new Arena({ strategy: byName });
    const sender = arena.sender();
    const agents = ["a", "b", "c"].map((id) => arena.agent(id, { slots: 5 }));
    sender.offer([1, 2], { definition: "c" });
    sender.offer([3], { definition: "b" });
    arena.turn();
    assert.deepEqual(
      agents.map(({ taskNumbers }) => taskNumbers),
      [[], [3], [1, 2]],
    );
  });

  it("named least_loaded chooses the agent with the greatest share of free slots", () => {
    const arena = new Arena({ strategy: strategyNamed("least_loaded") });
    const [large, small] = [arena.agent("large", { slots: 9 }), arena.agent("small", { slots: 3 })];
    arena.sender().offer([1, 2, 3, 4, 5, 6, 7, 8]);
    arena.turn();
    assert.deepEqual([large.taskNumbers.length, small.taskNumbers.length], [6, 2]);
  });

  it("named fastest learns the speed of agents, and prefers the faster agent", () => {
    const arena = new Arena({ strategy: strategyNamed("fastest") });
    const sender = arena.sender();
    const agents = { slow: arena.agent("slow", { slots: 2 }), quick: arena.agent("quick", { slots: 2 }) };
    const work = (number: number) => {
      sender.offer([number]);
      arena.turn();
      const at = agents.slow.taskNumbers.includes(number) ? "slow" : "quick";
      arena.nowMs += at === "slow" ? 200 : 100;
      agents[at].sendFrame({ results: [{ ...resultOf(number), runMs: at === "slow" ? 200 : 100 }] });
      arena.turn();
      return at;
    };
    // Two tasks at once, so that both agents are tried.
    sender.offer([1, 2]);
    arena.turn();
    for (const agent of Object.values(agents))
      for (const number of agent.taskNumbers)
        agent.sendFrame({ results: [{ ...resultOf(number), runMs: agent === agents.slow ? 200 : 100 }] });
    arena.nowMs += 200;
    arena.turn();
    const places = Array.from({ length: 40 }, (_, at) => work(10 + at));
    assert.ok(
      places.slice(20).every((at) => at === "quick"),
      places.join(),
    );
  });

  it("named fastest gives an agent of half the speed its fair share if there are more tasks than both can do", () => {
    const arena = new Arena({ strategy: strategyNamed("fastest") });
    const sender = arena.sender();
    const durationMs = { full: 100, half: 200 };
    const agents = { full: arena.agent("full"), half: arena.agent("half") };
    sender.offer(Array.from({ length: 100 }, (_, at) => at + 1));
    arena.turn();
    const startedMs = new Map<number, number>();
    for (let step = 0; step < 200; step++) {
      for (const name of ["full", "half"] as const) {
        const number = agents[name].taskNumbers.at(-1) ?? 0;
        const sinceMs = startedMs.get(number) ?? arena.nowMs;
        startedMs.set(number, sinceMs);
        if (arena.nowMs - sinceMs === durationMs[name])
          agents[name].sendFrame({ results: [{ ...resultOf(number), runMs: durationMs[name] }] });
      }
      // An agent that has answered gets the next task in the same moment.
      arena.turn();
      for (const { taskNumbers } of Object.values(agents)) {
        const number = taskNumbers.at(-1) ?? 0;
        if (!startedMs.has(number)) startedMs.set(number, arena.nowMs);
      }
      arena.nowMs += 50;
    }
    const [full, half] = [agents.full.taskNumbers.length, agents.half.taskNumbers.length];
    assert.equal(full + half, 100);
    assert.ok(half >= 31 && half <= 36, `${half} of 100`);
  });

  it("named sticky gives the tasks of a run to one agent while it has room", () => {
    const arena = new Arena({ strategy: strategyNamed("sticky") });
    const sender = arena.sender();
    const agents = ["a", "b"].map((id) => arena.agent(id, { slots: 2 }));
    const agentIndexOf = (number: number) =>
      agents.findIndex(({ taskNumbers }) => taskNumbers.includes(number));
    for (const [number, workId] of [
      [1, "run-1"],
      [2, "run-2"],
    ] as const) {
      sender.offer([number], {}, { workId });
      arena.turn();
    }
    sender.offer([3], {}, { workId: "run-2" });
    sender.offer([4], {}, { workId: "run-1" });
    arena.turn();
    assert.notEqual(agentIndexOf(1), agentIndexOf(2));
    assert.deepEqual([agentIndexOf(3), agentIndexOf(4)], [agentIndexOf(2), agentIndexOf(1)]);
  });

  it("named consistent_hash keeps a key at its agent, and moves only the keys of an agent that leaves", () => {
    const arena = new Arena({ strategy: strategyNamed("consistent_hash") });
    const sender = arena.sender();
    const agents = new Map(
      ["a", "b", "c", "d"].map((id) => [id, arena.agent(id, { slots: 1_000, credit: 1_000 })]),
    );
    const assignAll = (first: number) => {
      for (let at = 0; at < 200; at++) sender.offer([first + at], {}, { workId: `run-${at}` });
      arena.turn();
      const agentIds = Array.from(
        { length: 200 },
        (_, at) => [...agents].find(([, { taskNumbers }]) => taskNumbers.includes(first + at))?.[0],
      );
      return agentIds;
    };
    const [initial, repeated] = [assignAll(1), assignAll(1_001)];
    assert.deepEqual(initial, repeated);
    const counts = [...agents.keys()].map((id) => initial.filter((agentId) => agentId === id).length);
    assert.ok(
      counts.every((count) => count > 20),
      counts.join(),
    );
    agents.get("d")?.link.terminate("it goes", arena.nowMs);
    agents.delete("d");
    const after = assignAll(2_001);
    assert.ok(initial.every((agentId, at) => agentId === "d" || after[at] === agentId));
    assert.ok(after.every((agentId) => agentId !== undefined));
  });

  it("named cheapest chooses the agent with the lowest cost of the capability", () => {
    const arena = new Arena({ strategy: strategyNamed("cheapest") });
    const expensive = arena.agent("dear", { slots: 5, costs: { work: 3 } });
    const cheap = arena.agent("cheap", { slots: 2, costs: { work: 1 } });
    arena.sender().offer([1, 2, 3]);
    arena.turn();
    assert.deepEqual([cheap.taskNumbers.length, expensive.taskNumbers.length], [2, 1]);
  });

  it("named auction weighs free slots against the price, by its weights", () => {
    const assignedTo = (weights: { load?: number; cost?: number }) => {
      const arena = new Arena({ strategy: strategyNamed("auction", { speed: 0, ...weights }) });
      const expensive = arena.agent("dear", { slots: 10, costs: { work: 10 } });
      const cheap = arena.agent("cheap", { slots: 10, costs: { work: 1 } });
      arena.sender().offer([1, 2, 3, 4, 5, 6]);
      arena.turn();
      return [cheap.taskNumbers.length, expensive.taskNumbers.length];
    };
    assert.deepEqual(assignedTo({ load: 0, cost: 1 }), [6, 0]);
    assert.deepEqual(assignedTo({ load: 1, cost: 0 }), [3, 3]);
    assert.deepEqual(assignedTo({ load: 4, cost: 1 }), [5, 1]);
  });

  it("finds an agent for every task while any agent has room, with any strategy", () => {
    for (const name of strategyNames) {
      const arena = new Arena({ strategy: strategyNamed(name) });
      const sender = arena.sender();
      for (let at = 0; at < 30; at++) arena.agent(`agent-${at}`, { slots: 1 + (at % 3) });
      for (let at = 1; at <= 59; at++) sender.offer([at], {}, { workId: `run-${at % 7}` });
      assert.equal(arena.turn(), 59, name);
    }
  });
});

describe("the text of a strategy", () => {
  const auctionWith = (weights: Record<string, number>) => ({
    strategy: { kind: StrategyKind.STRATEGY_KIND_AUCTION, weights },
  });

  it("has the weights that an auction sets, and reads back", () => {
    const pool = auctionWith({ load: 2, speed: 1, cost: 0.5 });
    assert.equal(strategyTextOf(pool), "auction(load=2,cost=0.5)");
    assert.deepEqual(strategyIn("auction(load=2,cost=0.5)", pool)?.weights, { load: 2, cost: 0.5 });
    const tiny = auctionWith({ load: 1e-7, speed: 0.000_5 });
    assert.deepEqual(strategyIn(strategyTextOf(tiny), pool)?.weights, { load: 1e-7, speed: 0.000_5 });
    assert.deepEqual(strategyIn("auction", pool)?.weights, {});
    assert.deepEqual(strategyIn("fastest", pool)?.weights, pool.strategy.weights, "they wait for an auction");
  });

  it("is refused with a criterion that does not exist, or a weight out of bounds", () => {
    for (const text of [
      "auction(luck=1)",
      "auction(load=1001)",
      "auction(load=-1)",
      "auction(load)",
      "auction(load=2",
      "best",
    ])
      assert.equal(strategyIn(text, undefined), undefined, text);
  });

  it("exists for each other strategy that the pool could use", () => {
    const others = (pool: Parameters<typeof otherStrategies>[0]) =>
      otherStrategies(pool).map((strategy) => strategyTextOf({ strategy }));
    const idle = { strategy: { kind: StrategyKind.STRATEGY_KIND_FASTEST, weights: { load: 3 } } };
    assert.deepEqual(others(idle).toSorted(), [
      ...["auction(load=3)", "cheapest", "consistent_hash", "least_loaded", "round_robin", "sticky"],
    ]);
    const variants = others(auctionWith({ load: 800, cost: 0 })).filter((text) => text.startsWith("auction"));
    assert.deepEqual(variants, [
      "auction(load=400,cost=0)",
      "auction(load=800,speed=0.5,cost=0)",
      "auction(load=800,speed=2,cost=0)",
    ]);
  });
});
