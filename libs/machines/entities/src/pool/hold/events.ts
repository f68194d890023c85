import { AgentHeldV1, AgentReleasedV1 } from "@tutti/contracts/swarm/v1";
import { changed, type PoolEvent } from "../state.ts";

export const agentHeld: PoolEvent<AgentHeldV1> = {
  type: "agent_held",
  version: 1,
  codec: AgentHeldV1,
  described: true,
  evolve(pool, { agentId, hold, reason, holdMs, cause }) {
    const { holds } = pool;
    const since = changed(pool, holdMs, cause, holds.get(agentId));
    holds.set(agentId, { value: { agentId, hold, reason }, ...since });
  },
};

export const agentReleased: PoolEvent<AgentReleasedV1> = {
  type: "agent_released",
  version: 1,
  codec: AgentReleasedV1,
  described: true,
  evolve(pool, { agentId }) {
    pool.changes += 1;
    pool.holds.delete(agentId);
  },
};
