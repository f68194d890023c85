import { leastLoaded } from "./least-loaded.ts";
import type { Strategy } from "./strategy.ts";

/** The one that did the last task of the same run, while it is able and has room. Else the least loaded. */
export const sticky: Strategy = { ...leastLoaded, name: "sticky", stickTo: ({ workId }) => `work ${workId}` };
