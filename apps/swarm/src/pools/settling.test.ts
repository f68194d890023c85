import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState, type Hello } from "@tutti/contracts/agent/v1";
import { AwaitedAgent } from "@tutti/contracts/swarm/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import { type RollCall, Settling } from "./settling.ts";

function dependencies(callRoll: RollCall) {
  const time = new VirtualTime();
  const here = new Set<string>();
  const state = AgentState.AGENT_STATE_READY;
  const joined: [agentId: string, incarnation: string, tokens: number][] = [];
  const pool = {
    agent: (agentId: string) => (here.has(agentId) ? { state } : undefined),
    join: ({ agentId, incarnation, running }: Hello) => {
      joined.push([agentId, incarnation, running.length]);
    },
  } as unknown as Pool;
  let ends = 0;
  const settling = new Settling({ pool, timers: time, settleMs: 1_000, now: () => time.now() }, () => ends++);
  settling.start(callRoll);
  const come = (agentId: string) => {
    here.add(agentId);
    settling.check();
  };
  const answered = () => new Promise((resolve) => setImmediate(resolve));
  return { time, come, answered, settling, joined, ends: () => ends };
}

function expected(agents: Readonly<Record<string, number>>): RollCall {
  const awaited = Object.entries(agents).map(([agentId, tokens]) =>
    AwaitedAgent.fromPartial({ agentId, incarnation: "7", tokens: Array(tokens).fill(new Uint8Array(16)) }),
  );
  return async () => new Map(awaited.map((agent) => [agent.agentId, agent]));
}

describe("settling", () => {
  it("ends when the last expected agent has joined", async () => {
    const { come, answered, ends, time } = dependencies(expected({ a: 0, b: 0 }));
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

  it("is over at once when no agent is expected", async () => {
    const { answered, ends } = dependencies(expected({}));
    await answered();
    assert.equal(ends(), 1);
  });

  it("lets late agents keep their attempts when its time expires", async () => {
    const { come, answered, ends, time, joined } = dependencies(expected({ here: 1, late: 2, idle: 0 }));
    await answered();
    come("here");
    time.advance(999);
    assert.deepEqual(joined, []);
    time.advance(1);
    assert.deepEqual(joined, [["late", "7", 2]]);
    assert.equal(ends(), 1);
  });

  const unknown: readonly [string, RollCall][] = [
    ["an unknown agent may come", async () => undefined],
    ["an owner did not answer", () => Promise.reject(new Error("nobody there"))],
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

  it("ends with the pool, without a report", async () => {
    const { settling, time, ends, answered } = dependencies(expected({}));
    settling.stop();
    await answered();
    time.advance(5_000);
    assert.equal(ends(), 0);
  });
});
