import type { Strategy } from "./strategy.ts";

/** The one that says it costs least for the capability. Among equals the least loaded. */
export const cheapest: Strategy = {
  name: "cheapest",
  rank: ({ used, slots }) => used / slots,
  judge: (agent, { capability }) => -agent.costOf(capability),
};
