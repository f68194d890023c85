import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import { Agent } from "@tutti/contracts/swarm/v1";
import { toTimestamp } from "@tutti/kernel";
import { AgentFacts } from "./agent-facts.ts";

const agent = (agentId: string) =>
  Agent.fromPartial({
    ...{ namespace: "shop", pool: "default", agentId, state: AgentState.AGENT_STATE_READY },
    ...{ stateTime: toTimestamp(1_000), joinTime: toTimestamp(1_000) },
  });

describe("facts of agents", () => {
  const played = (...rounds: readonly (readonly string[])[]) => {
    const facts = new AgentFacts();
    return rounds.map((ids, at) => {
      const { rows, remember } = facts.round("shop", ids.map(agent), true, 10_000 * (at + 1));
      remember();
      const states = rows.agent_state.map(
        ([, , id, state, , since]) => `${id} ${state} ${since?.toString().slice(-9)}`,
      );
      const agents = rows.agent.map(([, , id, state]) => `${id} ${state}`);
      return { states, agents };
    });
  };

  it("an agent missing in two rounds is gone since the first of them, recorded once", () => {
    const rounds = played(["a", "b"], ["b"], ["b"], ["b"], ["a", "b"]);
    assert.deepEqual(
      rounds.map(({ states }) => states),
      [["a ready 00:01.000", "b ready 00:01.000"], [], ["a gone 00:20.000"], [], ["a ready 00:01.000"]],
    );
    assert.deepEqual(rounds[2]?.agents, ["b ready", "a gone"]);
  });

  it("an agent missing in one list is still present", () => {
    const rounds = played(["a"], [], ["a"], []);
    assert.deepEqual(
      rounds.flatMap(({ states }) => states),
      ["a ready 00:01.000"],
    );
  });

  it("an agent that disconnected while insight was down is gone since the first round", () => {
    const before = new AgentFacts();
    const recorded = before.round("shop", [agent("a"), agent("b")], true, 1).rows.agent;
    const facts = new AgentFacts();
    facts.recall(recorded);
    const rounds = [2_000, 3_000, 4_000].map((nowMs) => {
      const { rows, remember } = facts.round("shop", [agent("b")], true, nowMs);
      remember();
      return rows.agent_state.map(
        ([, , id, state, , since]) => `${id} ${state} ${since?.toString().slice(-9)}`,
      );
    });
    assert.deepEqual(rounds, [[], ["a gone 00:02.000"], []]);
  });

  it("an incomplete list, or a list of another namespace, marks no agent as gone", () => {
    const facts = new AgentFacts();
    facts.round("shop", [agent("a")], true, 1).remember();
    for (const at of [2, 3]) {
      facts.round("other", [], true, at).remember();
      const { rows, remember } = facts.round("shop", [], false, at);
      remember();
      assert.deepEqual(rows.agent_state, []);
    }
  });
});
