/** All strategies, by their names in the contracts. */
import { type AuctionWeights, auction, auctionWeights } from "./auction.ts";
import { cheapest } from "./cheapest.ts";
import { consistentHash } from "./consistent-hash.ts";
import { fastest } from "./fastest.ts";
import { leastLoaded } from "./least-loaded.ts";
import { roundRobin } from "./round-robin.ts";
import { sticky } from "./sticky.ts";
import type { Strategy } from "./strategy.ts";

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
