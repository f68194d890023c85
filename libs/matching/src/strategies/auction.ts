import type { Strategy } from "./strategy.ts";

/** How much each part of a bid weighs. */
export interface AuctionWeights {
  readonly load: number;
  readonly speed: number;
  readonly cost: number;
}

export const auctionWeights: AuctionWeights = { load: 1, speed: 1, cost: 1 };

/**
 * The best bid wins: by free slots, expected speed, and price. Time and money count by their logarithms, so
 * that double speed is worth as much as half the price, in any units.
 */
export function auction({ load, speed, cost }: AuctionWeights = auctionWeights): Strategy {
  return {
    name: "auction",
    rank: ({ used, slots, slowness }) => load * (used / slots) + speed * Math.log(slowness),
    judge: (agent, { capability }, times) => {
      const expectedMs = times.expectedMs(agent.agentId, capability);
      const slow = expectedMs === undefined ? Math.log(agent.slowness) : Math.log(expectedMs);
      const dear = Math.log1p(agent.costOf(capability));
      return -(load * (agent.used / agent.slots) + speed * slow + cost * dear);
    },
  };
}
