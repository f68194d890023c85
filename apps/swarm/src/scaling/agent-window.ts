/** What a driver sees of the agents of a pool. */
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { Pool } from "@tutti/matching";
import type { AgentWindow } from "./drivers/driver.ts";

export interface WindowParts {
  readonly pool: Pool;
  readonly now: () => number;
  readonly stir: () => void;
  readonly crashed: AgentWindow["crashed"];
}

export function agentWindow({ pool, now, stir, crashed }: WindowParts): AgentWindow {
  return {
    crashed,
    busy(agentId) {
      const agent = pool.agent(agentId, now());
      return agent === undefined || isAway(agent.state) ? undefined : agent.attempts;
    },
    drain(agentId, reason, deadlineMs) {
      pool.drain(agentId, reason, deadlineMs, now());
      stir();
    },
    quarantine(agentId, reason) {
      pool.hold(agentId, { hold: Hold.HOLD_QUARANTINED, reason, forMs: 0 }, now());
    },
    started: (agentId) => pool.tellOfLaunch(agentId, true, "its program was started", now()),
    ended(agentId, reason) {
      // Its tasks need not wait for a link that will not be resumed.
      const refusal = pool.remove(agentId, reason, 0, now());
      if (refusal !== undefined) pool.tellOfLaunch(agentId, false, reason, now());
      stir();
    },
  };
}

function isAway(state: AgentState): boolean {
  return state === AgentState.AGENT_STATE_STARTING || state === AgentState.AGENT_STATE_GONE;
}
