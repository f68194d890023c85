import { leastLoaded } from "./least-loaded.ts";
import type { Strategy } from "./strategy.ts";

/** By hash of the task's key, or of its run: few keys move when agents come and go, and a full agent's go to the next one. */
export const consistentHash: Strategy = {
  ...leastLoaded,
  name: "consistent_hash",
  placeBy: ({ key, workId }) => key || workId,
};
