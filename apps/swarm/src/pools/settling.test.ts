import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import { type RollCall, Settling } from "./settling.ts";

function dependencies(callRoll: RollCall) {
  const time = new VirtualTime();
  const here = new Set<string>();
  const state = AgentState.AGENT_STATE_READY;
  const pool = { agent: (agentId: string) => (here.has(agentId) ? { state } : undefined) } as unknown as Pool;
  let ends = 0;
  const settling = new Settling({ pool, timers: time, settleMs: 1_000, now: () => time.now() }, () => ends++);
  settling.start(callRoll);
  const come = (agentId: string) => {
    here.add(agentId);
    settling.look();
  };
  const answered = () => new Promise((resolve) => setImmediate(resolve));
  return { time, come, answered, settling, ends: () => ends };
}

describe("settling", () => {
  it("is over when the last of those has come who are to come", async () => {
    const { come, answered, ends, time } = dependencies(async () => new Set(["a", "b"]));
    come("a");
    await answered();
    assert.equal(ends(), 0);
    come("c");
    assert.equal(ends(), 0);
    come("b");
    assert.equal(ends(), 1);
    time.advance(5_000);
    assert.equal(ends(), 1);
  });

  it("is over at once when nobody is to come", async () => {
    const { answered, ends } = dependencies(async () => new Set());
    await answered();
    assert.equal(ends(), 1);
  });

  const unknown: readonly [string, RollCall][] = [
    ["somebody may come of whom nobody knows", async () => undefined],
    ["somebody did not answer", () => Promise.reject(new Error("nobody there"))],
    ["the answers do not come", () => new Promise(() => {})],
  ];
  for (const [title, callRoll] of unknown) {
    it(`takes its whole time when ${title}`, async () => {
      const { come, answered, ends, time } = dependencies(callRoll);
      await answered();
      come("a");
      time.advance(999);
      assert.equal(ends(), 0);
      time.advance(1);
      assert.equal(ends(), 1);
    });
  }

  it("ends with the pool, and nobody hears of it", async () => {
    const { settling, time, ends, answered } = dependencies(async () => new Set());
    settling.stop();
    await answered();
    time.advance(5_000);
    assert.equal(ends(), 0);
  });
});
