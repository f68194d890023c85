import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent, Pool, Run } from "@tutti/rest/types";
import { styleOf } from "../../terminal/style.ts";
import { drawLoad } from "./top.ts";

const style = styleOf(false);
const run = (runId: string) => ({ runId, status: "running", labels: {} }) as unknown as Run;
const agent = (agentId: string, freeSlots: number) =>
  ({
    agentId,
    pool: "default",
    kind: "function",
    state: "busy",
    freeSlots,
    offering: { slots: 4, capabilities: [] },
  }) as unknown as Agent;
const pool = { pool: "default", status: { queued: 3, slots: 8, freeSlots: 5 } } as unknown as Pool;
const many = (count: number) => Array.from({ length: count }, (_, at) => at);

describe("the frame of top", () => {
  const load = {
    ...{ timeMs: 0, runsTotal: 30, pools: [pool] },
    runs: many(30).map((at) => run(`order-${at}`)),
    agents: [agent("idle", 4), agent("full", 0)],
  };

  it("has totals, queues, workers with the busiest first, and runs", () => {
    const lines = drawLoad(load, { style, width: 100, height: undefined });
    assert.match(lines[0] ?? "", /^30 active runs · 3 queued tasks · 4 of 8 slots in use · /);
    const starts = lines.map((line) => line.split(/ +/)[0]);
    assert.deepEqual(starts.slice(0, 9), ["30", "", "pool", "default", "", "agent", "full", "idle", ""]);
    assert.equal(starts.at(-1), "order-29");
  });

  it("fits the height of the terminal, and counts the hidden rows", () => {
    for (const height of many(40)) {
      const lines = drawLoad(load, { style, width: 80, height });
      assert.ok(lines.length <= height, `${lines.length} lines of ${height}`);
    }
    const lines = drawLoad(load, { style, width: 80, height: 20 });
    assert.deepEqual([lines.length, lines.at(-1)], [20, "21 more"]);
  });

  it("shows only totals of an idle platform", () => {
    const idle = { timeMs: 0, runsTotal: 0, runs: [], pools: [], agents: [] };
    assert.match(drawLoad(idle, { style, width: 80, height: 20 }).join("\n"), /^0 active runs · .*$/);
  });
});
