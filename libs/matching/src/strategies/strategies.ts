/** All strategies, by their names in the contracts. */
import { type AuctionWeights, auction, auctionWeights } from "./auction.ts";
import type { AgentLoad, Strategy } from "./strategy.ts";

/** The agent with the largest share of free slots. Among equals the least recently used. */
export const leastLoaded: Strategy = { name: "least_loaded", rank: ({ used, slots }) => used / slots };

/** Running tasks slow the next one down, by their share of the slots: half as slow again if half full. */
const crowding = ({ used, slots }: AgentLoad) => 1 + used / slots;

/** The agent with the earliest expected end, by its learned times at the capability and its speed elsewhere. */
export const fastest: Strategy = {
  name: "fastest",
  rank: (agent) => agent.slowness * crowding(agent),
  judge: (agent, { capability }, times) =>
    -(times.expectedMs(agent.agentId, capability) ?? agent.slowness) * crowding(agent),
};

/** The agent of the last task of the same run, while it is able and has room. Else the least loaded. */
const sticky: Strategy = { ...leastLoaded, name: "sticky", stickTo: ({ workId }) => `work ${workId}` };

/** One agent after the other, regardless of their load: the least recently used first. */
const roundRobin: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };

/** By the hash of the task's key or run. Few keys move when agents change, or if an agent is full. */
const consistentHash: Strategy = {
  ...leastLoaded,
  name: "consistent_hash",
  placeBy: ({ key, workId }) => key || workId,
};

/** The agent with the least reported cost for the capability. Among equals the least loaded. */
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

/** Returns a strategy by its name. Weights count if the strategy has any. */
export function strategyNamed(name: StrategyName, weights: Partial<AuctionWeights> = {}): Strategy {
  return name === "auction" ? auction({ ...auctionWeights, ...weights }) : unweighted[name];
}
