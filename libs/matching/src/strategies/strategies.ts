/** All strategies, by their names in the contracts. */
import { type AuctionWeights, auction, auctionWeights } from "./auction.ts";
import type { AgentLoad, Strategy } from "./strategy.ts";

/** The one with the greatest share of free slots. Among equals the one that was not asked for longest. */
export const leastLoaded: Strategy = { name: "least_loaded", rank: ({ used, slots }) => used / slots };

/**
 * What an agent has running makes the next task slower, by its share of the slots: half as slow again when half full.
 */
const crowding = ({ used, slots }: AgentLoad) => 1 + used / slots;

/** The agent with the earliest expected end, by its learned times at the capability and its speed elsewhere. */
export const fastest: Strategy = {
  name: "fastest",
  rank: (agent) => agent.slowness * crowding(agent),
  judge: (agent, { capability }, times) =>
    -(times.expectedMs(agent.agentId, capability) ?? agent.slowness) * crowding(agent),
};

/** The one that did the last task of the same run, while it is able and has room. Else the least loaded. */
const sticky: Strategy = { ...leastLoaded, name: "sticky", stickTo: ({ workId }) => `work ${workId}` };

/** One after the other, regardless of their load: the least recently used first. */
const roundRobin: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };

/** By hash of the task's key, or of its run: few keys move when agents come and go, and a full agent's go to the next one. */
const consistentHash: Strategy = {
  ...leastLoaded,
  name: "consistent_hash",
  placeBy: ({ key, workId }) => key || workId,
};

/** The one that says it costs least for the capability. Among equals the least loaded. */
const cheapest: Strategy = {
  name: "cheapest",
  rank: ({ used, slots }) => used / slots,
  judge: (agent, { capability }) => -agent.costOf(capability),
};

export const strategyNames = [
  "least_loaded",
  "fastest",
  "sticky",
  "round_robin",
  "consistent_hash",
  "cheapest",
  "auction",
] as const;

export type StrategyName = (typeof strategyNames)[number];

const unweighted: Readonly<Record<Exclude<StrategyName, "auction">, Strategy>> = {
  least_loaded: leastLoaded,
  fastest,
  sticky,
  round_robin: roundRobin,
  consistent_hash: consistentHash,
  cheapest,
};

export function isStrategyName(text: string): text is StrategyName {
  return (strategyNames as readonly string[]).includes(text);
}

/** Weights count where the strategy has any. */
export function strategyNamed(name: StrategyName, weights: Partial<AuctionWeights> = {}): Strategy {
  return name === "auction" ? auction({ ...auctionWeights, ...weights }) : unweighted[name];
}
