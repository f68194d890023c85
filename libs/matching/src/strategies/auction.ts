import type { Strategy } from "./strategy.ts";

/** How much each part of a bid weighs. */
export interface AuctionWeights {
  readonly load: number;
  readonly speed: number;
  readonly cost: number;
}

export const auctionWeights: AuctionWeights = { load: 1, speed: 1, cost: 1 };

/**
 * The one that bids best: by its free slots, by how fast it is expected to be, by what it asks for. Time and money
 * count by their logarithms, so that being twice as fast is worth as much as being half as dear, whatever the units.
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
