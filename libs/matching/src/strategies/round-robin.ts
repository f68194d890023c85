import type { Strategy } from "./strategy.ts";

/** One after the other, whatever they have: the one that was not asked for longest. */
export const roundRobin: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };
