import type { Strategy } from "./strategy.ts";

/** The one with the greatest share of free slots. Among equals the one that was not asked for longest. */
export const leastLoaded: Strategy = {
  name: "least_loaded",
  rank: ({ used, slots }) => used / slots,
};
