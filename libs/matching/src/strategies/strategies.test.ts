import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "../testing/arena.ts";
import { leastLoaded } from "./least-loaded.ts";
import type { Strategy } from "./strategy.ts";

describe("a strategy", () => {
  it("decides by rank who goes first, and is changed while the pool works", () => {
    const inTurn: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };
    const arena = new Arena({ strategy: inTurn });
    const sender = arena.sender();
    const large = arena.agent("large", { slots: 100 });
    const small = arena.agent("small", { slots: 10 });
    sender.offer([1, 2, 3, 4, 5, 6]);
    arena.turn();
    assert.deepEqual(
      [large.given, small.given],
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
    );
    arena.pool.configure({ strategy: leastLoaded }, arena.nowMs);
    sender.offer([7, 8, 9]);
    arena.turn();
    assert.deepEqual(large.given, [1, 3, 5, 7, 8, 9]);
  });

  it("judges the first few by what is asked of them, where it does", () => {
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
      agents.map(({ given }) => given),
      [[], [3], [1, 2]],
    );
  });
});
