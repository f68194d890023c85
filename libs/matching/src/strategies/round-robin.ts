import type { Strategy } from "./strategy.ts";

/** One after the other, regardless of their load: the least recently used first. */
export const roundRobin: Strategy = { name: "round_robin", rank: ({ lastAssigned }) => lastAssigned };
