export { askCache, type CacheEntry, cache, forgetOutput, storeOutput } from "./machine.ts";
