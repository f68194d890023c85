export type { CacheEntry } from "./entry.ts";
export { reportComputing } from "./flight.ts";
export { askCache, cache, forgetOutput, storeOutput } from "./machine.ts";
