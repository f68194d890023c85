/** Reports to the owner of a pool how its agents and their offerings change. */
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { PoolOptions } from "../api/pool.ts";
import type { Agent } from "./agent.ts";
import type { AgentIndex } from "./agent-index.ts";

const { AGENT_STATE_STARTING, AGENT_STATE_GONE } = AgentState;

export class AgentEvents {
  readonly #agents: AgentIndex;
  readonly #onAgentChange: PoolOptions["onAgentChange"];
  readonly #onOffersChange: PoolOptions["onOffersChange"];
  /** Launched agents that have left. The end of their program is no second end. */
  readonly #departed = new Set<string>();

  constructor(agents: AgentIndex, options: Pick<PoolOptions, "onAgentChange" | "onOffersChange">) {
    this.#agents = agents;
    this.#onAgentChange = options.onAgentChange;
    this.#onOffersChange = options.onOffersChange;
  }

  /** Reports the state or the hold of an agent if either differs from the last report. */
  reportState(agent: Agent, after: AgentState, reason: string, atMs: number): void {
    const { agentId, hold, reportedState: before } = agent;
    if (before === after && agent.reportedHold === hold) return;
    agent.reportedHold = hold;
    if (after !== AGENT_STATE_GONE) this.#departed.delete(agentId);
    else if (agent.identity.launchId !== "") this.#departed.add(agentId);
    if (before !== after) {
      agent.reportedState = after;
      agent.stateMs = atMs;
      agent.stateReason = reason;
    }
    this.#onAgentChange?.({ agentId, before, after, hold, reason, atMs });
  }

  /** Reports that an agent that is not connected is held, or is released. */
  reportAbsent(agentId: string, hold: Hold, reason: string, atMs: number): void {
    const [before, after] = [AGENT_STATE_GONE, AGENT_STATE_GONE];
    this.#onAgentChange?.({ agentId, before, after, hold, reason, atMs });
  }

  /** Reports that an agent was launched and has not joined, or will not join any more. */
  reportLaunch(agentId: string, isStarting: boolean, reason: string, atMs: number): void {
    if (this.#agents.get(agentId) !== undefined) return;
    if (this.#departed.delete(agentId) && !isStarting) return;
    const [before, after] = isStarting
      ? [AGENT_STATE_GONE, AGENT_STATE_STARTING]
      : [AGENT_STATE_STARTING, AGENT_STATE_GONE];
    this.#onAgentChange?.({ agentId, before, after, hold: Hold.HOLD_NONE, reason, atMs });
  }

  /** Reports that an agent joined, left, or changed its offering. */
  reportOffers(): void {
    this.#onOffersChange?.();
  }
}
