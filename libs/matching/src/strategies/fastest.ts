import type { AgentLoad, Strategy } from "./strategy.ts";

/**
 * What an agent has running makes the next task slower, by its share of the slots: half as slow again when half full.
 */
const crowding = ({ used, slots }: AgentLoad) => 1 + used / slots;

/** The one that is expected to be done first, by what was learned of it at the capability, and of its speed elsewhere. */
export const fastest: Strategy = {
  name: "fastest",
  rank: (agent) => agent.slowness * crowding(agent),
  judge: (agent, { capability }, times) =>
    -(times.expectedMs(agent.agentId, capability) ?? agent.slowness) * crowding(agent),
};
