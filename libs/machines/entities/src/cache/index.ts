export type { CacheEntry } from "./entry.ts";
export { cacheErrors } from "./errors.ts";
export { type Evictable, evictableOf, leastWorth, usageOf } from "./eviction.ts";
export { reportComputing } from "./flight.ts";
export { askCache, cache, forgetOutput, freshOutput, storeOutput } from "./machine.ts";
export { neededOf } from "./proof.ts";
export { bytesOf, cacheLabel, showEntry } from "./reading.ts";
