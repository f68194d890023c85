import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena } from "../testing/arena.ts";
import { ScalerGauge } from "./gauge.ts";

function gauge(arena: Arena, capabilities: readonly string[] = ["work"]) {
  return new ScalerGauge({ pool: arena.pool, scalerId: "crew", capabilities, idleMs: 1_000 });
}

describe("the load that a scaler reads", () => {
  it("is the work that waits for its capabilities, here and at its source, and for how long", () => {
    const arena = new Arena();
    const sender = arena.sender();
    sender.offer([1, 2, 3]);
    sender.offer([4], { capability: "other" });
    sender.request({
      waiting: {
        entries: [
          { profile: 1, count: 7, longestMs: 90_000 },
          { profile: 2, count: 9 },
        ],
      },
    });
    arena.pass(2_000);
    const { queued, longestWaitMs, agents } = gauge(arena).read(arena.nowMs);
    assert.deepEqual([queued, longestWaitMs, agents], [10, 90_000, 0]);
  });

  it("separates its own agents from others, and counts agents that were idle for long enough", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const own = { slots: 2, launchId: "crew.01" };
    const busy = arena.agent("crew-1", own);
    arena.agent("other", { slots: 5 });
    sender.offer([1], {}, { onlyAgents: ["crew-1"] });
    arena.pass(1_500);
    arena.agent("crew-2", own);
    const load = gauge(arena).read(arena.nowMs);
    assert.deepEqual(
      [load.agents, load.slots, load.busySlots, load.roomySlots, load.foreignSlots, load.running],
      [2, 4, 1, 3, 5, 1],
    );
    assert.equal(load.idleAgents, 0);
    busy.sendResult(1);
    arena.pass(1_000);
    assert.equal(gauge(arena).read(arena.nowMs).idleAgents, 2);
  });

  it("counts other agents by the concurrency that they keep up, and by the slots that they use", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const other = arena.agent("other", { slots: 1_000 });
    const foreign = () => {
      const { foreignSlots, foreignBusySlots } = gauge(arena).read(arena.nowMs);
      return [foreignSlots, foreignBusySlots];
    };
    assert.deepEqual(foreign(), [1_000, 0]);
    sender.offer([1, 2, 3]);
    arena.pass(1);
    other.busy(3, 5_000);
    arena.pass(1);
    assert.deepEqual(foreign(), [2, 2]);
  });

  it("counts an agent that sleeps until it is needed, and not one that sleeps by schedule", () => {
    const arena = new Arena();
    for (const agentId of ["crew-1", "crew-2", "crew-3"]) arena.agent(agentId, { launchId: "crew.01" });
    arena.pool.sleep("crew-1", "idle", 0, arena.nowMs);
    arena.pool.sleep("crew-2", "night", 0, arena.nowMs, true);
    assert.equal(gauge(arena).read(arena.nowMs).agents, 2);
  });

  it("has the rates at which tasks arrive and finish", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("crew-1", { slots: 100, launchId: "crew.01" });
    const seen = gauge(arena);
    seen.read(arena.nowMs);
    for (let number = 1; number <= 60; number++) {
      sender.offer([number]);
      arena.pass(500);
      agent.sendResult(number);
      arena.pass(500);
      seen.read(arena.nowMs);
    }
    const { arrivalsPerSec, finishesPerSec } = seen.read(arena.nowMs);
    assert.ok(Math.abs(arrivalsPerSec - 1) < 0.6 && Math.abs(finishesPerSec - arrivalsPerSec) < 0.1);
  });
});
